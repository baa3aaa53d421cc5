/** How far the deployed combination's figure moves when one parameter does, the widest first. */
import type { Schemas } from '../api/types';
import { Loaded } from '../components/parts';
import { plain } from '../format/numbers';
import { fill, useTexts } from '../text/language';
import { alone, type Combos } from './combos';
import css from './Pictures.module.css';
import { words } from './texts';
import { useCombos } from './useCombos';

const FIGURES = ['out.sharpe', 'in.sharpe', 'in.trades'] as const;

export function Tornado({ run }: { run: Schemas['RunSummary'] }) {
  const combos = useCombos(run.fingerprint, FIGURES, null);
  return <Loaded from={combos}>{(all) => <Bars all={all} params={run.params} />}</Loaded>;
}

function Bars({ all, params }: { all: Combos; params: Record<string, unknown> }) {
  const t = useTexts(words);
  const found = alone(all, params);
  const values = all.figures.get('out.sharpe')?.values;
  if (!found || !values) return <p className={css['help']}>{t.noTornado}</p>;
  const own = values[found.row] ?? 0;
  const bars = found.moved.map(({ name, at }) => {
    const [lowest, highest] = at.map((one) => ({ ...one, figure: values[one.row] ?? 0 })).sort((a, b) => a.figure - b.figure).reduce<[Told, Told]>(
      ([low, high], one) => [one.figure < low.figure ? one : low, one.figure > high.figure ? one : high], [{ value: String(params[name]), figure: own }, { value: String(params[name]), figure: own }],
    );
    return { name, lowest, highest };
  }).sort((a, b) => b.highest.figure - b.lowest.figure - (a.highest.figure - a.lowest.figure));
  const low = Math.min(own, ...bars.map((one) => one.lowest.figure));
  const high = Math.max(own, ...bars.map((one) => one.highest.figure));
  const at = (figure: number) => ((figure - low) / (high - low || 1)) * 100;
  return (
    <>
      <p className={css['help']}>{fill(t.tornadoHelp, { v: plain(own, 2) })}</p>
      <table className={css['tornado']} aria-label={t.tornado}>
        <tbody>
          {bars.map((one) => (
            <tr key={one.name}>
              <th scope="row">{one.name}</th>
              <td>{one.lowest.value}: {plain(one.lowest.figure, 2)}</td>
              <td>
                <span className={css['track']}>
                  <i data-side="down" style={{ left: `${at(one.lowest.figure)}%`, width: `${at(own) - at(one.lowest.figure)}%` }} />
                  <i data-side="up" style={{ left: `${at(own)}%`, width: `${at(one.highest.figure) - at(own)}%` }} />
                </span>
              </td>
              <td>{one.highest.value}: {plain(one.highest.figure, 2)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

type Told = { value: string; figure: number };
