/** Which candles show a cycle: as fine as its strategy decides, coarser where there would be too many. */
const STEPS = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '4h': 14_400_000, '1d': 86_400_000 } as const;

export type Timeframe = keyof typeof STEPS;

const NAMES = Object.keys(STEPS) as Timeframe[];
const MOST = 500;
const FEWEST = 6;

/** The timeframe and span for a cycle from `opened` to `closed`, with room on both sides. */
export function framed(opened: number, closed: number, timeframe: string): { timeframe: Timeframe; step: number; from: number; to: number } {
  const held = Math.max(closed - opened, 60_000);
  const wanted = Math.max(NAMES.indexOf(timeframe as Timeframe), 0);
  let at = wanted;
  while (at > 0 && held / STEPS[NAMES[at] ?? '1m'] < FEWEST) at -= 1;
  while (at < NAMES.length - 1 && held / STEPS[NAMES[at] ?? '1d'] > MOST) at += 1;
  const name = NAMES[at] ?? '1h';
  const step = STEPS[name];
  const room = Math.max(30 * step, held / 2);
  return { timeframe: name, step, from: Math.max(0, Math.floor((opened - room) / step) * step), to: Math.ceil((closed + room / 2) / step) * step };
}
