/** Optimisations under way; nothing at all while there are none. */
import { Card } from '../../components/parts';
import { percent } from '../../format/numbers';
import { duration } from '../../format/time';
import { useClocks, useValues } from '../../live/hooks';
import { fill, useTexts } from '../../text/language';
import { share, type Job } from '../explorer/jobs';
import { words } from './texts';
import css from './Now.module.css';

export function Jobs() {
  const t = useTexts(words);
  const jobs = useValues('jobs').filter((job) => job.state === 'running' || job.state === 'waiting');
  if (!jobs.length) return null;
  return (
    <Card title={t.jobs} to="/explorer" flush>
      <table className={css['table']}>
        <tbody>
          {jobs.map((job) => (
            <tr key={job.job_id}>
              <td><b>{job.strategy}</b> <span className={css['dim']}>{job.symbols.join(', ')}</span></td>
              {job.state === 'waiting' ? <td className={css['number']} colSpan={2}>{t.waits}</td> : <Running of={job} />}
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

function Running({ of }: { of: Job }) {
  const t = useTexts(words);
  const { server } = useClocks();
  const done = share(of);
  const left = server && of.started_ms && done > 0.02 ? ((server - of.started_ms) / done) * (1 - done) : undefined;
  return (
    <>
      <td className={css['meter']}><i style={{ width: `${done * 100}%` }} /></td>
      <td className={css['number']}>{percent(done, 0)} {left !== undefined && left > 0 && <span className={css['dim']}>{fill(t.minutesLeft, { left: duration(left) })}</span>}</td>
    </>
  );
}
