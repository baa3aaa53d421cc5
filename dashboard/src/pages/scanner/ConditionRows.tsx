/** What one strategy says of one symbol: each condition with its value, its threshold and how near it is. */
import { Link } from 'wouter';
import type { Conditions } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Side } from '../../components/parts';
import { plain, price, probability } from '../../format/numbers';
import { clock } from '../../format/time';
import { useValue } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { useZone } from '../../text/settings';
import { words } from './texts';
import css from './Scanner.module.css';

/** Levels are prices, with the tick's decimals; other figures are not. */
const figure = (name: string, value: number | null, tick: number | undefined): string =>
  name.startsWith('level ') ? price(value, tick) : plain(value, value !== null && Math.abs(value) < 1 ? 4 : 2);

export function ConditionRows({ of }: { of: Conditions }) {
  const t = useTexts(words);
  const zone = useZone();
  const tick = useValue('rules', of.symbol)?.tick;
  return (
    <section className={css['conditions']}>
      <h3>
        {of.strategy} <Side direction={of.direction} /> {!of.eligible && <span className={css['dim']}>{t.notEligible}</span>}
        <span className={css['dim']}>{fill(t.at, { when: clock(of.ts_ms, zone) })}</span>
        <Link to={`/grid/${of.strategy}/${of.symbol}`}>{t.grid} ›</Link>
      </h3>
      {of.conditions.length === 0 && <p className={css['dim']}>{t.silent}</p>}
      <ul>
        {of.conditions.map((one) => (
          <li key={`${one.name}${one.direction}`}>
            <span className={css['name']}>{one.name} <Side direction={one.direction} /></span>
            <span className={css['bar']} role="meter" aria-label={one.name} aria-valuemin={0} aria-valuemax={1} aria-valuenow={one.nearness}><i style={{ width: `${one.nearness * 100}%` }} data-met={one.met || undefined} /></span>
            <span className={css['value']}>{figure(one.name, one.value, tick)} {one.comparison.replace('<=', '≤').replace('>=', '≥')} {figure(one.name, one.threshold, tick)}</span>
            <span>{probability(one.nearness)}</span>
            <span className={css['state']}>{one.met && <Icon name="check" size={13} />} {one.met ? t.met : t.notMet}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
