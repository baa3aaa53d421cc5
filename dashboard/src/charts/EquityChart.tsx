/** Money over time: one curve over its beginning with its drawdown below, or several side by side. */
import { AreaSeries, BaselineSeries, LineSeries, LineStyle, createSeriesMarkers, type IChartApi, type Time } from 'lightweight-charts';
import { useEffect, useRef } from 'react';
import type { Schemas } from '../api/types';
import { change, plain } from '../format/numbers';
import { faded, makeChart, seconds, token } from './chart';
import { look, pointsOf } from './series';
import css from './charts.module.css';

export type Curve = Schemas['Points'];

export default function EquityChart({ curves, falls, zone, summary, share, onSpan }: {
  curves: readonly Curve[]; falls: readonly Schemas['FallSeen'][]; zone: string; summary: string;
  /** Show each curve as a share of where it began. */
  share?: boolean;
  /** Told what can be seen, in UTC milliseconds, whenever that is less than everything. */
  onSpan?: (span: { from: number; to: number } | undefined) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const told = useRef(onSpan);
  useEffect(() => {
    told.current = onSpan;
  });
  useEffect(() => {
    if (!box.current || !curves.length) return;
    const chart = makeChart(box.current, zone);
    const single = curves.length === 1 && !share ? curves[0] : undefined;
    if (single) alone(chart, single, falls);
    else together(chart, curves, share ?? false);
    const scale = chart.timeScale();
    scale.applyOptions({ rightOffset: 0, fixLeftEdge: true, fixRightEdge: true });
    scale.fitContent();
    const first = Math.min(...curves.map((one) => one.t[0] ?? Infinity));
    const last = Math.max(...curves.map((one) => one.t.at(-1) ?? 0));
    scale.subscribeVisibleTimeRangeChange((range) => {
      if (!range) return;
      const [from, to] = [Number(range.from) * 1000, Number(range.to) * 1000];
      told.current?.(to - from < (last - first) * 0.98 ? { from, to: to + 1000 } : undefined);
    });
    return () => chart.remove();
  }, [curves, falls, zone, share]);
  return (
    <figure className={css['figure']}>
      <div ref={box} className={css['chart']} role="img" aria-label={summary} />
      <figcaption className="visually-hidden">{summary}</figcaption>
    </figure>
  );
}

/** Blue above where it began, orange below, and the drawdown in a pane of its own, its worst parts numbered. */
function alone(chart: IChartApi, curve: Curve, falls: readonly Schemas['FallSeen'][]): void {
  const [up, down] = [token('up'), token('down')];
  const series = chart.addSeries(BaselineSeries, {
    baseValue: { type: 'price', price: curve.begin ?? 0 }, lineWidth: 2, lastValueVisible: true, priceLineVisible: false,
    topLineColor: up, topFillColor1: faded(up, 0.24), topFillColor2: faded(up, 0.03), bottomLineColor: down, bottomFillColor1: faded(down, 0.03), bottomFillColor2: faded(down, 0.24),
    priceFormat: { type: 'custom', minMove: 0.01, formatter: (value: number) => plain(value) },
  });
  series.setData(pointsOf(curve.t, curve.value).map((one) => ({ ...one, time: one.time as Time })));
  series.createPriceLine({ price: curve.begin ?? 0, color: token('text-3'), lineWidth: 1, lineStyle: LineStyle.Dashed, axisLabelVisible: false });
  if (!curve.below.length) return;
  const under = chart.addSeries(AreaSeries, {
    invertFilledArea: true, lineColor: down, lineWidth: 1, topColor: faded(down, 0.3), bottomColor: faded(down, 0.3), priceLineVisible: false, lastValueVisible: true,
    priceFormat: { type: 'custom', minMove: 0.0001, formatter: (value: number) => change(value, 1) },
    autoscaleInfoProvider: () => ({ priceRange: { minValue: Math.min(-0.0001, ...curve.below), maxValue: 0 } }),
  }, 1);
  under.priceScale().applyOptions({ scaleMargins: { top: 0, bottom: 0.22 } });
  under.setData(pointsOf(curve.t, curve.below).map((one) => ({ ...one, time: one.time as Time })));
  createSeriesMarkers<Time>(under, [...falls].sort((a, b) => a.deepest_ms - b.deepest_ms).map((fall) => ({
    time: seconds(fall.deepest_ms), position: 'belowBar', shape: 'circle', size: 0, color: token('text-1'), text: String(fall.number),
  })));
  const panes = chart.panes();
  panes[0]?.setStretchFactor(3);
  panes[1]?.setStretchFactor(1);
}

const LINES = [LineStyle.Solid, LineStyle.Dotted, LineStyle.Dashed, LineStyle.LargeDashed] as const;

function together(chart: IChartApi, curves: readonly Curve[], share: boolean): void {
  curves.forEach((curve, i) => {
    const { colour, line } = look(i);
    const begin = curve.begin || 1;
    const values = share ? curve.value.map((value) => value / begin - 1) : curve.value;
    const series = chart.addSeries(LineSeries, {
      color: token(colour), lineWidth: 2, lineStyle: LINES[line], priceLineVisible: false, lastValueVisible: true, title: '',
      priceFormat: { type: 'custom', minMove: share ? 0.0001 : 0.01, formatter: (value: number) => (share ? change(value) : plain(value)) },
    });
    series.setData(pointsOf(curve.t, values).map((one) => ({ ...one, time: one.time as Time })));
    if (i === 0) series.createPriceLine({ price: 0, color: token('line'), lineWidth: 1, lineStyle: LineStyle.Dashed, axisLabelVisible: false });
  });
}
