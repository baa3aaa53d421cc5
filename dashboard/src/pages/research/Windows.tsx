/** Windows in time: hollow in sample, filled out of sample; a strip for each parameter shows where the choice jumps. */
import type { Schemas } from '../../api/types';
import { Change, Term } from '../../components/parts';
import { usePhone } from '../../components/Table';
import { plain } from '../../format/numbers';
import { day } from '../../format/time';
import { fill, useTexts } from '../../text/language';
import css from './Research.module.css';
import { words } from './texts';

type Window = Schemas['WindowResult'];

export function Windows({ windows }: { windows: readonly Window[] }) {
  const t = useTexts(words);
  const names = Object.keys(windows.find((w) => w.combination >= 0)?.params ?? {}).filter((name) => new Set(windows.map((w) => String(w.params[name]))).size > 0);
  return (
    <>
      <Bars windows={windows} />
      <div className={css['stripes']}>
        {names.map((name) => <Stripe key={name} name={name} windows={windows} />)}
      </div>
      <details className={css['more']}>
        <summary>{windows.length} {t.windows.toLowerCase()}</summary>
        <div className={css['scroll']}>
          <table className={css['table']}>
            <thead><tr><th scope="col">#</th><th scope="col"><Term of="in_sample">{t.inSpan}</Term></th><th scope="col">{t.outSpan}</th><th scope="col">IS</th><th scope="col">OOS</th><th scope="col">{t.total}</th><th scope="col">{t.trades}</th><th scope="col">{t.chosenParams}</th></tr></thead>
            <tbody>
              {windows.map((w) => (
                <tr key={w.number}>
                  <th scope="row">{w.number + 1}</th><td>{day(w.in_from_ms, 'UTC')}</td><td>{day(w.out_from_ms, 'UTC')} – {day(w.out_to_ms, 'UTC')}</td>
                  <td>{plain(w.in_sharpe, 2)}</td><td><b>{plain(w.out_sharpe, 2)}</b></td><td><Change fraction={w.out_return} decimals={1} /></td><td>{w.out_trades}</td>
                  <td>{w.combination < 0 ? t.nothing : names.map((name) => `${name} ${String(w.params[name])}`).join(', ')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function Bars({ windows }: { windows: readonly Window[] }) {
  const t = useTexts(words);
  const [width, height, left] = usePhone() ? [440, 170, 36] : [960, 190, 36];
  const all = windows.flatMap((w) => [w.in_sharpe ?? 0, w.out_sharpe ?? 0]);
  const [low, high] = [Math.min(0, ...all), Math.max(0.5, ...all)];
  const y = (v: number) => 8 + (1 - (v - low) / (high - low)) * (height - 32);
  const step = (width - left) / Math.max(1, windows.length);
  const bar = Math.min(22, step * 0.36);
  return (
    <svg className={css['bars']} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={t.windowsSummary}>
      {windows.map((w, i) => {
        const x = left + (i + 0.5) * step;
        const rect = (v: number, at: number, kind: string) => <rect data-kind={kind} data-side={v < 0 ? 'down' : 'up'} x={at} y={Math.min(y(0), y(v))} width={bar} height={Math.max(1, Math.abs(y(v) - y(0)))} />;
        return (
          <g key={w.number}>
            {rect(w.in_sharpe ?? 0, x - bar - 1, 'in')}
            {rect(w.out_sharpe ?? 0, x + 1, 'out')}
            {(windows.length <= 30 || i % 5 === 0) && <text x={x} y={height - 6} textAnchor="middle">{w.number + 1}</text>}
          </g>
        );
      })}
      <line x1={left} x2={width} y1={y(0)} y2={y(0)} />
      {[low, 0, high].filter((v, i, list) => list.indexOf(v) === i).map((v) => <text key={v} x={left - 6} y={y(v) + 4} textAnchor="end">{plain(v, 1)}</text>)}
    </svg>
  );
}

function Stripe({ name, windows }: { name: string; windows: readonly Window[] }) {
  const t = useTexts(words);
  const said = windows.map((w) => (w.combination < 0 ? null : String(w.params[name])));
  const values = [...new Set(said.filter((v) => v !== null))].sort((a, b) => Number(a) - Number(b));
  const known = said.filter((v) => v !== null);
  const jumps = known.filter((v, i) => i > 0 && v !== known[i - 1]).length;
  return (
    <div className={css['stripe']} role="img" aria-label={`${fill(t.paramStrip, { name, n: values.length, w: windows.length })}: ${said.map((v) => v ?? '–').join(', ')}`}>
      <span>{name}</span>
      <span className={css['steps']} aria-hidden="true">
        {said.map((value, i) => <b key={i} data-none={value === null || undefined} style={{ '--level': value === null ? 0 : values.length > 1 ? values.indexOf(value) / (values.length - 1) : 0.5 } as React.CSSProperties} title={value ?? '–'}>{windows.length <= 30 ? (value ?? '–') : ''}</b>)}
      </span>
      <span className={css['dim']}>{jumps === 0 ? t.steady : jumps === 1 ? t.jump : fill(t.jumps, { n: jumps })}</span>
    </div>
  );
}
