/** A line without axes; its meaning stands beside it. */
import css from './Spark.module.css';

export function Spark({ values, label, height = 28, tone = 'neutral', fill }: {
  values: readonly number[]; label: string; height?: number; tone?: 'neutral' | 'up' | 'down'; fill?: boolean;
}) {
  if (values.length < 2) return <span className={css['none']} style={{ height }} aria-hidden="true" />;
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  const width = 100;
  const pad = 2;
  const at = values.map((v, i) => [(i / (values.length - 1)) * width, pad + (1 - (range ? (v - low) / range : 0.5)) * (height - 2 * pad)] as const);
  const line = at.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(2)} ${y.toFixed(2)}`).join('');
  return (
    <svg className={css['spark']} data-tone={tone} viewBox={`0 0 ${width} ${height}`} height={height} preserveAspectRatio="none" role="img" aria-label={label}>
      {fill && <path className={css['area']} d={`${line}L${width} ${height}L0 ${height}Z`} />}
      <path className={css['line']} d={line} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
