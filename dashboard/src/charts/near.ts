/** The pane below the price: how far each candle stayed away from the nearest resting entry; zero is a fill. */
import { HistogramSeries, type IChartApi, type ISeriesApi } from 'lightweight-charts';
import type { Schemas } from '../api/types';
import { percent } from '../format/numbers';
import { faded, seconds, token } from './chart';

export type Near = Schemas['NearColumns'];

/** Within so much of a level a candle is drawn strongly. */
const CLOSE = 0.01;

export function nearPane(chart: IChartApi): ISeriesApi<'Histogram'> {
  const series = chart.addSeries(HistogramSeries, {
    color: token('text-3'), priceLineVisible: false, lastValueVisible: true, base: 0,
    autoscaleInfoProvider: (own: () => { priceRange: { minValue: number; maxValue: number } | null } | null) => ({ priceRange: { minValue: 0, maxValue: Math.max(CLOSE, own()?.priceRange?.maxValue ?? 0) } }),
    priceFormat: { type: 'custom', minMove: 0.0001, formatter: (value: number) => percent(value, 1) },
  }, 1);
  series.priceScale().applyOptions({ invertScale: false, scaleMargins: { top: 0.12, bottom: 0 } });
  const panes = chart.panes();
  panes[0]?.setStretchFactor(4);
  panes[1]?.setStretchFactor(1);
  return series;
}

export function showNear(series: ISeriesApi<'Histogram'>, near: Near, from: number): void {
  const strong = token('text-1');
  const weak = faded(token('text-3'), 0.55);
  series.setData(near.t.flatMap((t, i) => {
    const value = near.distance[i];
    if (t < from || value === null || value === undefined) return [];
    return [{ time: seconds(t), value, color: value <= CLOSE ? strong : weak }];
  }));
}
