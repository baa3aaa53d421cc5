/** Equity over a move of all prices, with its kinks: where levels fill, stops or liquidation happen. Own drawing. */
import type { Schemas } from '../../api/types';
import { baseOf } from '../../components/parts';
import { usePhone } from '../../components/Table';
import { change, plain, short } from '../../format/numbers';
import css from './Positions.module.css';

const WIDE = 560;
const NARROW = 350;
const H = 200;
const LEFT = 52;
const BOTTOM = 22;

type Met = Schemas['Met'];

const named = (one: Met): string => `${baseOf(one.symbol)} ${{ level: `L${one.level + 1}`, stop: 'SL', target: 'TP', liquidation: 'LIQ' }[one.kind]}`;

const WEIGHT = { liquidation: 0, stop: 1, target: 2, level: 3 };
const ROOM = 54;

/** Those whose label has room beside the others; what weighs most first. */
export function labelled(met: readonly Met[], x: (move: number) => number): Met[] {
  const kept: Met[] = [];
  for (const one of [...met].sort((a, b) => WEIGHT[a.kind] - WEIGHT[b.kind])) if (kept.every((other) => Math.abs(x(other.move) - x(one.move)) >= ROOM)) kept.push(one);
  return kept;
}

export function WhatIfCurve({ of, label, at: chosen }: { of: Schemas['WhatIf']; label: string; at: number }) {
  const W = usePhone() ? NARROW : WIDE;
  const points = of.points.filter((p): p is Schemas['WhatIfPoint'] & { equity: number } => p.equity !== null);
  if (points.length < 2) return null;
  const [from, to] = [points[0]?.move ?? -0.3, points.at(-1)?.move ?? 0.3];
  const values = points.map((p) => p.equity);
  const low = Math.min(...values, of.equity ?? Infinity);
  const high = Math.max(...values, of.equity ?? -Infinity);
  const room = (high - low || 1) * 0.08;
  const x = (move: number) => LEFT + ((move - from) / (to - from)) * (W - LEFT - 8);
  const y = (value: number) => 8 + ((high + room - value) / (high - low + 2 * room)) * (H - BOTTOM - 8);
  const valueAt = (move: number): number => {
    const i = Math.max(1, points.findIndex((p) => p.move >= move));
    const [a, b] = [points[i - 1], points[i] ?? points[i - 1]];
    if (!a || !b || a.move === b.move) return a?.equity ?? 0;
    return a.equity + ((move - a.move) / (b.move - a.move)) * (b.equity - a.equity);
  };
  const shown = of.met.filter((one) => one.move >= from && one.move <= to);
  /** Where the curve leaves room: above it, on the side to which it falls. */
  const beside = (one: Met) => {
    const rises = valueAt(one.move + 0.02) >= valueAt(one.move - 0.02);
    const left = rises ? x(one.move) > LEFT + 70 : x(one.move) > W - 70;
    return { x: x(one.move) + (left ? -7 : 7), y: Math.max(18, y(valueAt(one.move)) + (left === rises ? -6 : 18)), textAnchor: left ? ('end' as const) : ('start' as const) };
  };
  const ticks = [low, (low + high) / 2, high];
  const worst = points[0];
  return (
    <figure className={css['curve']}>
      <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${label}: ${change(worst?.move, 0)} ${plain(worst?.change)}`}>
        {ticks.map((value) => <g key={value}><line className={css['gridLine']} x1={LEFT} x2={W} y1={y(value)} y2={y(value)} /><text x={LEFT - 6} y={y(value) + 4} textAnchor="end">{short(value)}</text></g>)}
        {(W === NARROW ? [-0.3, -0.15, 0, 0.15, 0.3] : [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]).filter((one) => one >= from && one <= to).map((one) => <text key={one} x={x(one)} y={H - 6} textAnchor={one === 0.3 ? 'end' : 'middle'}>{change(one, 0)}</text>)}
        <line className={css['zero']} x1={x(0)} x2={x(0)} y1={8} y2={H - BOTTOM} />
        {of.equity !== null && <line className={css['zero']} x1={LEFT} x2={W} y1={y(of.equity)} y2={y(of.equity)} />}
        <path className={css['line']} d={points.map((p, i) => `${i ? 'L' : 'M'}${x(p.move).toFixed(1)} ${y(p.equity).toFixed(1)}`).join('')} />
        <line className={css['chosen']} x1={x(chosen)} x2={x(chosen)} y1={8} y2={H - BOTTOM} />
        <circle className={css['chosenAt']} cx={x(chosen)} cy={y(valueAt(chosen))} r="4.5" />
        {labelled(shown, x).map((one) => <text key={`label ${one.move} ${one.symbol}`} className={css['kinkLabel']} data-kind={one.kind} {...beside(one)}>{named(one)}</text>)}
        {shown.map((one) => (
          <g key={`${one.kind}${one.symbol}${one.level}${one.move}`} data-kind={one.kind}>
            <title>{`${baseOf(one.symbol)} ${one.kind}${one.level >= 0 ? ` L${one.level + 1}` : ''} ${change(one.move, 1)}`}</title>
            {one.kind === 'level' ? <circle cx={x(one.move)} cy={y(valueAt(one.move))} r="3" /> : <path d={`M${x(one.move) - 4} ${y(valueAt(one.move)) - 4}l8 8m0 -8l-8 8`} />}
          </g>
        ))}
      </svg>
    </figure>
  );
}
