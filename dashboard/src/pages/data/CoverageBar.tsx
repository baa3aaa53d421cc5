/** A stretch of time as a bar: what is there, and where it lacks. */
import css from './Data.module.css';

export type Axis = { from: number; to: number };

const WIDTH = 1000;

/** A gap is drawn at least this wide, so that it is seen; its true length stands beside it. */
const LEAST = 2;

export function CoverageBar({ label, axis, from, to, gaps, thin }: {
  label: string; axis: Axis; from: number; to: number; gaps: readonly { from_ms: number; to_ms: number }[]; thin?: boolean;
}) {
  const scale = WIDTH / Math.max(1, axis.to - axis.from);
  const x = (ms: number) => (ms - axis.from) * scale;
  return (
    <svg className={css['bar']} viewBox={`0 0 ${WIDTH} 12`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <rect x={0} y={5} width={WIDTH} height={2} className={css['nothing']} />
      <rect x={x(from)} y={1} width={Math.max(LEAST, x(to) - x(from))} height={10} className={thin ? css['partly'] : css['there']} />
      {gaps.map((gap) => <rect key={gap.from_ms} x={x(gap.from_ms)} y={0} width={Math.max(LEAST, x(gap.to_ms) - x(gap.from_ms))} height={12} className={css['gap']} />)}
    </svg>
  );
}
