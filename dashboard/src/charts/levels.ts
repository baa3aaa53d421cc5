/** A ladder as it stood: each plan row a short segment, so that its history is seen. One primitive on the candle series.
 *
 * What lies outside the visible range is told at the edge, with its distance.
 */
import type { IChartApi, IPrimitivePaneView, ISeriesApi, ISeriesPrimitive, SeriesAttachedParameter, Time } from 'lightweight-charts';

export type Segment = { from: number; to: number; price: number; colour: string; width: number; dash: readonly number[] };

/** Something in force now; shown at the edge when it is outside. `price` is in force from the last segment on. */
export type Tag = { text: string; price: number; colour: string };

type Target = { useMediaCoordinateSpace: (draw: (scope: { context: CanvasRenderingContext2D; mediaSize: { width: number; height: number } }) => void) => void };

export class Levels implements ISeriesPrimitive {
  private chart: IChartApi | undefined;
  private series: ISeriesApi<'Candlestick'> | undefined;
  private redraw: (() => void) | undefined;
  private segments: readonly Segment[] = [];
  private tags: readonly Tag[] = [];
  private background = '#000000';

  attached({ chart, series, requestUpdate }: SeriesAttachedParameter): void {
    this.chart = chart;
    this.series = series as ISeriesApi<'Candlestick'>;
    this.redraw = requestUpdate;
  }

  detached(): void {
    this.chart = this.series = this.redraw = undefined;
  }

  set(segments: readonly Segment[], tags: readonly Tag[], background: string): void {
    this.segments = segments;
    this.tags = tags;
    this.background = background;
    this.redraw?.();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [{ zOrder: () => 'top' as const, renderer: () => ({ draw: (target: Target) => target.useMediaCoordinateSpace((scope) => this.draw(scope.context, scope.mediaSize)) }) }];
  }

  private draw(context: CanvasRenderingContext2D, { width, height }: { width: number; height: number }): void {
    const { chart, series } = this;
    if (!chart || !series) return;
    const scale = chart.timeScale();
    const range = scale.getVisibleRange();
    if (!range) return;
    const [first, last] = [Number(range.from) * 1000, Number(range.to) * 1000];
    const x = (ms: number): number => {
      if (ms <= first) return scale.timeToCoordinate(range.from) ?? 0;
      if (ms >= last) return width;
      return scale.timeToCoordinate((Math.floor(ms / 1000)) as Time) ?? interpolated(scale, ms, first, last, width);
    };
    for (const one of this.segments) {
      if (one.to < first || one.from > last) continue;
      const y = series.priceToCoordinate(one.price);
      if (y === null || y < -2 || y > height + 2) continue;
      context.beginPath();
      context.strokeStyle = one.colour;
      context.lineWidth = one.width;
      context.setLineDash([...one.dash]);
      context.moveTo(x(one.from), y);
      context.lineTo(x(one.to), y);
      context.stroke();
    }
    context.setLineDash([]);
    this.edges(context, series, width, height);
  }

  private edges(context: CanvasRenderingContext2D, series: ISeriesApi<'Candlestick'>, width: number, height: number): void {
    context.font = '600 11px system-ui, sans-serif';
    context.textBaseline = 'middle';
    const at = { above: 12, below: height - 12 };
    // Outside tags are stacked from the edge inwards, the farthest at the edge.
    const centre = (series.coordinateToPrice(height / 2) as number | null) ?? 0;
    for (const tag of [...this.tags].sort((a, b) => Math.abs(b.price - centre) - Math.abs(a.price - centre))) {
      const y = series.priceToCoordinate(tag.price);
      if (y === null) continue;
      const outside = y < 0 ? 'above' : y > height ? 'below' : undefined;
      const text = outside ? `${outside === 'above' ? '▲' : '▼'} ${tag.text}` : tag.text;
      const size = context.measureText(text).width + 10;
      let middle = y - 9;
      if (outside) {
        middle = at[outside];
        at[outside] += outside === 'above' ? 18 : -18;
      }
      const left = outside ? 8 : width - size - 6;
      context.fillStyle = this.background;
      context.globalAlpha = 0.82;
      context.fillRect(left, middle - 8, size, 16);
      context.globalAlpha = 1;
      context.fillStyle = tag.colour;
      context.fillText(text, left + 5, middle);
    }
  }
}

function interpolated(scale: ReturnType<IChartApi['timeScale']>, ms: number, first: number, last: number, width: number): number {
  const a = scale.timeToCoordinate(Math.floor(first / 1000) as Time) ?? 0;
  const b = scale.timeToCoordinate(Math.floor(last / 1000) as Time) ?? width;
  return a + ((ms - first) / (last - first || 1)) * (b - a);
}
