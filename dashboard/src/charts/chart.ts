/** lightweight-charts in our colours, with times in the user's zone. Loaded only by those who draw.
 *
 * Timestamps stay UTC; only labels are formatted in the zone, so nothing shifts when clocks change.
 */
import { ColorType, CrosshairMode, TickMarkType, createChart, type IChartApi, type Time } from 'lightweight-charts';
import { clock, day, moment } from '../format/time';

/** A token of the style sheet as it is now. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** `#rrggbb` with an opacity. */
export const faded = (colour: string, opacity: number): string => `${colour}${Math.round(opacity * 255).toString(16).padStart(2, '0')}`;

export const seconds = (ms: number): Time => Math.floor(ms / 1000) as Time;

const ms = (time: Time): number => Number(time) * 1000;

export function makeChart(into: HTMLElement, zone: string): IChartApi {
  return createChart(into, {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: token('bg-1') }, textColor: token('text-3'), fontSize: 12,
      fontFamily: 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif', attributionLogo: false,
      panes: { separatorColor: token('rule'), separatorHoverColor: token('bg-3') },
    },
    grid: { vertLines: { color: faded(token('rule'), 0.5) }, horzLines: { color: faded(token('rule'), 0.5) } },
    crosshair: { mode: CrosshairMode.Normal, vertLine: { color: token('line'), labelBackgroundColor: token('bg-3') }, horzLine: { color: token('line'), labelBackgroundColor: token('bg-3') } },
    rightPriceScale: { borderColor: token('rule') },
    timeScale: {
      borderColor: token('rule'), timeVisible: true, rightOffset: 6,
      tickMarkFormatter: (time: Time, type: TickMarkType) => (type <= TickMarkType.DayOfMonth ? day(ms(time), zone).replace(/ \d{4}$/, '') : clock(ms(time), zone)),
    },
    localization: { timeFormatter: (time: Time) => moment(ms(time), zone) },
  });
}
