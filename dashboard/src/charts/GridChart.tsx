/** Price and ladder: neutral candles, levels as they stood, fills, what is in force now. */
import { CandlestickSeries, LineStyle, createSeriesMarkers, type IChartApi, type ISeriesApi, type ISeriesMarkersPluginApi, type SeriesMarker, type Time } from 'lightweight-charts';
import { useEffect, useRef } from 'react';
import type { Fill, Schemas } from '../api/types';
import { decimalsOf, guessedDecimals } from '../format/numbers';
import { connection } from '../live/hooks';
import { faded, makeChart, seconds, token } from './chart';
import { Levels, type Segment, type Tag } from './levels';
import { nearPane, showNear, type Near } from './near';
import css from './charts.module.css';

export type Candles = Schemas['CandleColumns'];
export type Plan = Schemas['PlanStood'];

/** Older candles are asked for when so few are left before the first in view. */
const NEXT_FROM = 20;

const LETTER: Record<string, string> = { target: 'T', stop: 'S', exit: 'X', emergency: 'S', liquidation: 'L', foreign: 'F' };

export type Force = { text: string; price: number; kind: 'level' | 'stop' | 'target' | 'average' | 'liquidation' };

type Parts = { chart: IChartApi; series: ISeriesApi<'Candlestick'>; levels: Levels; markers: ISeriesMarkersPluginApi<Time>; near?: ISeriesApi<'Histogram'> };

export default function GridChart({ candles, plans, fills, now, stepMs, tick, zone, summary, at, onCandle, symbol, whole, near, zoom, onOldest }: {
  candles: Candles; plans: readonly Plan[]; fills: readonly Fill[]; now: readonly Force[]; stepMs: number; tick: number | undefined; zone: string;
  /** Said to those who do not see it. */
  summary: string; at: number | undefined; onCandle: (openedMs: number) => void; symbol: string;
  /** Begin with all candles in view, not the newest alone. */
  whole?: boolean;
  /** Distance of each candle from the nearest level, in a pane of its own. */
  near?: Near | undefined;
  /** Show this stretch of time. */
  zoom?: { from: number; to: number } | undefined;
  /** The oldest candles have come into view: time for those before. */
  onOldest?: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const parts = useRef<Parts | undefined>(undefined);
  const click = useRef(onCandle);
  const oldest = useRef(onOldest);
  useEffect(() => {
    click.current = onCandle;
    oldest.current = onOldest;
  });

  useEffect(() => {
    if (!box.current) return;
    const chart = makeChart(box.current, zone);
    const series = chart.addSeries(CandlestickSeries, {
      upColor: 'rgba(0,0,0,0)', downColor: token('text-3'), borderUpColor: token('text-2'), borderDownColor: token('text-3'), wickUpColor: token('text-2'), wickDownColor: token('text-3'),
      priceLineColor: token('text-1'), priceLineStyle: LineStyle.Dotted, lastValueVisible: true,
    });
    const levels = new Levels();
    series.attachPrimitive(levels);
    const markers = createSeriesMarkers<Time>(series, []);
    chart.subscribeClick(({ time }) => time !== undefined && click.current(Number(time) * 1000));
    chart.timeScale().subscribeVisibleLogicalRangeChange((range) => range && range.from < NEXT_FROM && oldest.current?.());
    parts.current = { chart, series, levels, markers };
    return () => {
      parts.current = undefined;
      chart.remove();
    };
  }, [zone, symbol]);

  const first = useRef('');
  useEffect(() => {
    const made = parts.current;
    if (!made) return;
    const last = candles.close.at(-1) ?? 1;
    const precision = tick ? decimalsOf(tick) : guessedDecimals(last);
    made.series.applyOptions({ priceFormat: { type: 'price', precision, minMove: 10 ** -precision } });
    made.series.setData(candles.t.map((t, i) => ({
      time: seconds(t), open: candles.open[i] ?? 0, high: candles.high[i] ?? 0, low: candles.low[i] ?? 0, close: candles.close[i] ?? 0,
      ...(t === at ? { borderColor: token('accent'), wickColor: token('accent') } : {}),
    })));
    const view = `${candles.symbol} ${candles.timeframe} ${zone}`;
    if (first.current !== view && candles.t.length) {
      first.current = view;
      made.chart.timeScale().setVisibleLogicalRange({ from: whole ? -1 : Math.max(-3, candles.t.length - 120), to: candles.t.length + (whole ? 1 : 6) });
    }
  }, [candles, tick, at, zone, whole]);

  useEffect(() => {
    const made = parts.current;
    if (!made) return;
    const colours = palette();
    const end = (candles.t.at(-1) ?? 0) + 3 * stepMs;
    made.levels.set(segmentsOf(plans, end, colours), now.map((one): Tag => ({ text: one.text, price: one.price, colour: colours[one.kind] })), token('bg-1'));
    made.markers.setMarkers(fills.map((fill) => markerOf(fill, stepMs, colours)).sort((a, b) => Number(a.time) - Number(b.time)));
  }, [plans, fills, now, candles, stepMs]);

  useEffect(() => {
    const made = parts.current;
    if (!made || !near) return;
    made.near ??= nearPane(made.chart);
    showNear(made.near, near, candles.t[0] ?? 0);
  }, [near, candles]);

  const [zoomFrom, zoomTo] = [zoom?.from, zoom?.to];
  useEffect(() => {
    const scale = parts.current?.chart.timeScale();
    const [begin, end] = [candles.t[0], candles.t.at(-1)];
    if (!scale || zoomFrom === undefined || zoomTo === undefined || begin === undefined || end === undefined) return;
    const room = Math.max(8 * stepMs, (zoomTo - zoomFrom) * 0.3);
    if (zoomFrom < begin) oldest.current?.(); // what is asked for may come with the candles before
    const [from, to] = [Math.max(begin, zoomFrom - room), Math.min(end, zoomTo + room)];
    if (from < to) scale.setVisibleRange({ from: seconds(from), to: seconds(to) });
    // candles that come later leave the view alone, but for those that were missing at its beginning
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [zoomFrom, zoomTo, stepMs, zoomFrom !== undefined && (candles.t[0] ?? 0) > zoomFrom ? candles.t[0] : 0]);

  useEffect(() => {
    const opened = candles.t.at(-1);
    if (opened === undefined) return;
    let high = candles.high.at(-1) ?? 0;
    let low = candles.low.at(-1) ?? 0;
    const open = candles.open.at(-1) ?? 0;
    return connection.store.listen('prices', symbol, () => {
      const quote = connection.store.value('prices', symbol) as Schemas['Quote'] | undefined;
      if (!quote?.last || quote.ts_ms < opened) return;
      const time = quote.ts_ms - (quote.ts_ms % stepMs);
      if (time !== opened) return; // the next reading brings the new candle
      high = Math.max(high, quote.last);
      low = Math.min(low, quote.last);
      parts.current?.series.update({ time: seconds(time), open, high, low, close: quote.last });
    });
  }, [candles, symbol, stepMs]);

  return (
    <figure className={css['figure']}>
      <div ref={box} className={css['chart']} role="img" aria-label={summary} />
      <figcaption className="visually-hidden">{summary}</figcaption>
    </figure>
  );
}

type Palette = Record<Force['kind'], string>;

const palette = (): Palette => ({ level: token('text-2'), stop: token('down'), target: token('up'), average: token('average'), liquidation: token('danger') });

/** Short segments by plan row; neighbours of the same price become one. */
export function segmentsOf(plans: readonly Plan[], endMs: number, colours: Palette): Segment[] {
  const open = new Map<string, Segment>();
  const done: Segment[] = [];
  plans.forEach((plan, i) => {
    const from = plan.from_ms;
    const to = plans[i + 1]?.from_ms ?? endMs;
    const lines: [string, number | null, keyof Palette, number, readonly number[]][] = plan.levels.map((one) => [`L${one.level}`, one.price, 'level', 1, [5, 4]]);
    if (plan.filled) {
      lines.push(['stop', plan.stop, 'stop', 1.5, []], ['target', plan.target, 'target', 1.5, []], ['average', plan.average, 'average', 2.5, []]);
    }
    const seen = new Set<string>();
    for (const [name, price, kind, width, dash] of lines) {
      if (price === null) continue;
      seen.add(name);
      const before = open.get(name);
      if (before && before.price === price && before.to === from) before.to = to;
      else {
        const segment = { from, to, price, colour: kind === 'level' ? faded(colours[kind], 0.75) : colours[kind], width, dash };
        open.set(name, segment);
        done.push(segment);
      }
    }
    for (const name of [...open.keys()]) if (!seen.has(name)) open.delete(name);
  });
  return done;
}

function markerOf(fill: Fill, stepMs: number, colours: Palette): SeriesMarker<Time> {
  const time = seconds(fill.ts_ms - (fill.ts_ms % stepMs));
  const entry = fill.role === 'entry';
  const buys = entry === fill.direction > 0;
  const colour = entry ? token('text-1') : fill.role === 'target' ? colours.target : fill.role === 'liquidation' ? colours.liquidation : colours.stop;
  return {
    time, position: buys ? 'belowBar' : 'aboveBar', shape: entry ? (buys ? 'arrowUp' : 'arrowDown') : 'square', color: colour,
    text: entry ? String(fill.level + 1) : (LETTER[fill.role] ?? 'X'), size: 1,
  };
}
