/** What the engine says would happen, all prices together, fills, stops and liquidations inside. */
import { useState } from 'react';
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { Card, Empty, Loaded, Result, Skeleton, Unit, baseOf } from '../../components/parts';
import { change, plain, price } from '../../format/numbers';
import { useTopic } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { WhatIfCurve } from './WhatIfCurve';
import { words } from './texts';
import css from './Positions.module.css';

type Point = Schemas['WhatIfPoint'];
type Words = { readonly [K in keyof typeof words]: string };

const SHOWN = [-0.2, -0.1, -0.05, 0.05, 0.1];

export function WhatIf() {
  const t = useTexts(words);
  const risk = useTopic('risk');
  const shown = risk?.has('now') ?? false; // without it there is no answer
  const [fills, setFills] = useState(true);
  const [percent, setPercent] = useState(-10);
  const curve = useGet('/api/risk/what-if', { query: { fills }, everyMs: 10_000, keep: true, enabled: shown });
  return (
    <Card title={t.whatIf} aside={<label className={css['check']}><input type="checkbox" checked={fills} onChange={(event) => setFills(event.target.checked)} /> {t.fills}</label>}>
      {!risk ? <Skeleton lines={8} /> : !shown ? <Empty why={t.whatIfUnknown} /> : (
        <Loaded from={curve} lines={8}>
          {(data) => (
            <div className={css['whatIf']}>
              <div>
                <WhatIfCurve of={data} label={t.curve} at={percent / 100} />
                <Slider of={data} percent={percent} onChange={setPercent} />
              </div>
              <div className={css['kinkSide']}>
                <Moves of={data} onChoose={setPercent} />
                <Kinks of={data} />
              </div>
            </div>
          )}
        </Loaded>
      )}
    </Card>
  );
}

const at = (points: readonly Point[], move: number) => points.find((p) => Math.abs(p.move - move) < 1e-9);

function Slider({ of, percent, onChange }: { of: Schemas['WhatIf']; percent: number; onChange: (percent: number) => void }) {
  const t = useTexts(words);
  const point = at(of.points, percent / 100);
  const said = point ? `${change(point.move, 0)}: ${t.then} ${plain(point.equity)} USDT, ${happened(point, t)}` : '';
  return (
    <div className={css['slider']}>
      <label>
        <span>{t.slide} <b>{change(percent / 100, 0)}</b></span>
        <input type="range" min={-30} max={30} step={1} value={percent} aria-valuetext={said} onChange={(event) => onChange(Number(event.target.value))} />
      </label>
      {point && (
        <p>
          {t.then} <b>{plain(point.equity)}<Unit>USDT</Unit></b> <Result value={point.change} of={of.equity} /> <small>({change(point.fraction, 1)})</small>
          <span className={css['dim']}> {happened(point, t) || t.nothingMet}</span>
        </p>
      )}
    </div>
  );
}

function Moves({ of, onChoose }: { of: Schemas['WhatIf']; onChoose: (percent: number) => void }) {
  const t = useTexts(words);
  return (
    <table className={css['moves']}>
      <thead><tr><th scope="col">{t.move}</th><th scope="col">{t.result}</th><th scope="col" aria-label={t.kinks} /></tr></thead>
      <tbody>
        {SHOWN.map((move) => at(of.points, move)).map((p) => p && (
          <tr key={p.move}>
            <th scope="row"><button type="button" onClick={() => onChoose(Math.round(p.move * 100))}>{change(p.move, 0)}</button></th>
            <td><Result value={p.change} of={of.equity} /> <small>({change(p.fraction, 1)})</small></td>
            <td className={css['dim']}>{happened(p, t)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where the curve bends, as a table: what the marks on it say. */
function Kinks({ of }: { of: Schemas['WhatIf'] }) {
  const t = useTexts(words);
  const rules = useTopic('rules');
  const met = of.met.filter((one) => Math.abs(one.move) <= 0.3).sort((a, b) => b.move - a.move);
  if (!met.length) return <p className={css['dim']}>{t.noKinks}</p>;
  return (
    <div className={css['kinks']} tabIndex={0} role="region" aria-label={t.kinks}>
      <table>
        <caption>{t.kinks}</caption>
        <tbody>
          {met.map((one) => (
            <tr key={`${one.kind}${one.strategy}${one.symbol}${one.level}${one.move}`} data-kind={one.kind}>
              <th scope="row">{change(one.move, 1)}</th>
              <td><b>{baseOf(one.symbol)}</b> {one.level >= 0 && `L${one.level + 1} `}{t[`kink_${one.kind}`]}</td>
              <td>{price(one.price, rules?.get(one.symbol)?.tick)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function happened(p: Point, t: Words): string {
  const named = (symbols: readonly string[]) => symbols.map(baseOf).join(', ');
  const said = [
    p.levels === 1 ? t.levelFilled : p.levels ? fill(t.levelsFilled, { n: p.levels }) : '',
    p.targets.length ? fill(t.closed, { symbols: named(p.targets) }) : '',
    p.stopped.length ? fill(t.stopped, { symbols: named(p.stopped) }) : '',
    p.liquidated.length ? fill(t.liquidated, { symbols: named(p.liquidated) }) : '',
  ].filter(Boolean);
  if (p.move < 0 && !p.stopped.length && !p.liquidated.length) said.push(t.noStop);
  return said.join('; ');
}
