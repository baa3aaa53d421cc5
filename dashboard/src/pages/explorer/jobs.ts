/** Jobs of the queue: what the API knew when the page opened, and every change since. */
import { useGet } from '../../api/hooks';
import type { Schemas } from '../../api/types';
import { useTopic } from '../../live/hooks';

export type Job = Schemas['JobView'];
export type Progress = { symbol?: string; stage?: string; done?: number; total?: number; window?: number; windows?: number; seconds?: number };

/** The newest first, live where they move. */
export function useJobs(limit: number): { jobs: readonly Job[]; known: boolean } {
  const stored = useGet('/api/optimization/jobs', { query: { limit } });
  const live = useTopic('jobs');
  const all = new Map<string, Job>((stored.data?.items ?? []).map((job) => [job.job_id, job]));
  for (const job of live?.values() ?? []) all.set(job.job_id, job);
  return { jobs: [...all.values()].sort((a, b) => b.ts_ms - a.ts_ms).slice(0, limit), known: stored.data !== undefined || live !== undefined };
}

/** Share of a job that is done, over all its assets. */
export function share(job: Job): number {
  if (job.state === 'done') return 1;
  const { done = 0, total = 0, stage } = job.progress as Progress;
  const part = stage === 'statistics' ? 0.95 : total > 0 ? (done / total) * (stage === 'in sample' ? 0.6 : 0.9) : 0;
  return Math.min(1, (job.done + Math.min(0.99, part)) / Math.max(1, job.total));
}
