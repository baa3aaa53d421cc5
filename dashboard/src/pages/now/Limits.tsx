/** How much of each limit is used. */
import { Badge, Bar, Card, Empty, Skeleton, Term } from '../../components/parts';
import { percent, plain } from '../../format/numbers';
import { useTopic, useValue } from '../../live/hooks';
import { useTexts } from '../../text/language';
import { linesOf, type Line } from './limits';
import { words } from './texts';
import css from './Now.module.css';

export function Limits({ stale }: { stale: boolean }) {
  const t = useTexts(words);
  const known = useTopic('risk') !== undefined;
  const report = useValue('risk', 'now');
  const named = (one: Line): string => {
    const name = { drawdown_24h: t.limitDrawdown, daily_loss: t.limitDay, margin_use: t.limitMargin, max_positions: t.limitPositions }[one.code];
    if (name) return name;
    return one.code.startsWith('kill_') ? `${t.limitSwitch} ${one.subject}`.trim() : `${one.code.replaceAll('_', ' ')} ${one.subject}`.trim();
  };
  const figure = (value: number, unit: Line['unit']) => (unit === 'fraction' ? percent(value, 1) : plain(value, 0));
  return (
    <Card title={<Term of="halted">{t.limits}</Term>} to="/risk" flush stale={stale}>
      {!known ? <Skeleton lines={4} /> : !report ? <Empty why={t.limitsUnknown} /> : (
        <table className={`${css['table'] ?? ''} ${css['limits'] ?? ''}`}>
          <tbody>
            {linesOf(report).map((one) => (
              <tr key={one.key}>
                <th scope="row">{named(one)}</th>
                <td className={css['number']}>{figure(one.used, one.unit)} <span className={css['dim']}>/ {figure(one.limit, one.unit)}</span></td>
                <td className={css['gauge']}><Bar used={one.used} limit={one.limit} label={named(one)} /></td>
                <td className={css['over']}>{one.over && <Badge tone="danger" icon="halt">{one.code.startsWith('kill_') ? t.tripped : t.reached}</Badge>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
