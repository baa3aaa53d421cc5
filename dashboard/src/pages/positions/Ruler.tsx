/** Where price stands between liquidation, stop, average and target, to scale. */
import { change, price } from '../../format/numbers';
import { useTopic, useValue } from '../../live/hooks';
import type { Held } from './Positions';
import css from './Positions.module.css';

type Tag = { name: string; at: number; kind: string };

export function Ruler({ of, tick }: { of: Held; tick: number | undefined }) {
  const quote = useValue('prices', of.symbol);
  const runners = useTopic('runners');
  const mark = quote?.mark ?? quote?.last ?? of.mark;
  const plan = runners?.get(of.strategy)?.plans.find((one) => one.symbol === of.symbol);
  const given: (readonly [string, number | null | undefined, string])[] = [
    ['TP', of.target, 'target'], ['mark', mark, 'mark'], ['avg', of.average, 'average'],
    ...(plan?.entries ?? []).map((one) => [`L${one.level + 1}`, one.price, 'level'] as const),
    ['SL', of.stop, 'stop'], ['LIQ', of.liquidation, 'liquidation'],
  ];
  const tags = given.filter((one): one is readonly [string, number, string] => typeof one[1] === 'number' && one[1] > 0)
    .map(([name, at, kind]): Tag => ({ name, at, kind })).sort((a, b) => b.at - a.at);
  if (tags.length < 2 || !mark) return null;
  const high = tags[0]?.at ?? 1;
  const low = tags.at(-1)?.at ?? 0;
  const span = high - low || 1;
  return (
    <div className={css['ruler']}>
      <svg viewBox="0 0 12 100" preserveAspectRatio="none" aria-hidden="true">
        <line x1="6" x2="6" y1="0" y2="100" />
        {tags.map((tag) => <line key={tag.name} data-kind={tag.kind} x1={tag.kind === 'level' ? 3 : 0} x2={tag.kind === 'level' ? 9 : 12} y1={((high - tag.at) / span) * 100} y2={((high - tag.at) / span) * 100} />)}
      </svg>
      <dl>
        {tags.map((tag) => (
          <div key={tag.name} data-kind={tag.kind}>
            <dt>{tag.name}</dt><dd>{price(tag.at, tick)}</dd><dd>{tag.kind === 'mark' ? '' : change(tag.at / mark - 1, 1)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
