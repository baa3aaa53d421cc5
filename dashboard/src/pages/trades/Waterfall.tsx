/** From gross to net: totals stand on zero, what was paid hangs between them; each bar bears its figure. */
import { money } from '../../format/numbers';
import { placed, type Step } from './bars';
import css from './One.module.css';

export function Waterfall({ steps, names }: { steps: readonly Step[]; names: Record<Step['name'], string> }) {
  const { bars, zero } = placed(steps);
  return (
    <ol className={css['waterfall']}>
      {bars.map(({ step, left, width, total }) => (
        <li key={step.name} data-total={total || undefined} data-side={step.amount > 0 ? 'up' : step.amount < 0 ? 'down' : undefined}>
          <span>{names[step.name]}</span>
          <div aria-hidden="true">
            <i style={{ left: `${zero * 100}%` }} />
            <b style={{ left: `${left * 100}%`, width: `max(2px, ${width * 100}%)` }} />
          </div>
          <output>{money(step.amount)}</output>
        </li>
      ))}
    </ol>
  );
}
