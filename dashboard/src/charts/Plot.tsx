/** Many curves or many points: uPlot in our colours. Import it lazily and put it into `<Late>`.
 *
 * `x` are UTC seconds where `time` is set, else plain numbers. Null is a gap.
 */
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { short } from '../format/numbers';
import { day } from '../format/time';
import { token } from './chart';

export type Curve = { label: string; values: readonly (number | null)[]; colour?: string; dash?: number[]; width?: number; fill?: string };

export default function Plot({ x, curves, height = 240, time, zone = 'UTC', format = short, summary, linked, bands }: {
  x: readonly number[]; curves: readonly Curve[]; height?: number; time?: boolean; zone?: string; format?: (value: number) => string;
  summary: string;
  /** Pairs of curves, counted from 0, the upper first: what lies between them is shaded. */
  bands?: readonly (readonly [number, number])[];
  /** Charts of one name move their cursors together. */
  linked?: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const into = box.current;
    if (!into) return;
    const axis = { stroke: token('text-3'), grid: { stroke: token('rule'), width: 1 }, ticks: { stroke: token('rule'), width: 1 }, font: '12px system-ui, sans-serif' };
    const plot = new UPlot({
      width: into.clientWidth, height, legend: { show: curves.length > 1, live: false },
      cursor: { ...(linked && { sync: { key: linked } }), y: false },
      scales: { x: { time: time ?? false } },
      axes: [
        { ...axis, ...(time && { values: (_: UPlot, at: number[]) => at.map((s) => day(s * 1000, zone).replace(/ \d{4}$/, '')) }) },
        { ...axis, size: 64, values: (_: UPlot, at: number[]) => at.map(format) },
      ],
      bands: (bands ?? []).map(([upper, lower]) => ({ series: [upper + 1, lower + 1], fill: `${token('accent')}1f` })),
      series: [{}, ...curves.map((curve) => ({
        label: curve.label, stroke: curve.colour ?? token('text-2'), width: curve.width ?? 1.5, points: { show: false },
        ...(curve.dash && { dash: curve.dash }), ...(curve.fill && { fill: curve.fill }),
      }))],
    }, [[...x], ...curves.map((curve) => [...curve.values])] as UPlot.AlignedData, into);
    const resized = new ResizeObserver(() => plot.setSize({ width: into.clientWidth, height }));
    resized.observe(into);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [x, curves, height, time, zone, format, linked, bands]);
  return <div ref={box} role="img" aria-label={summary} />;
}
