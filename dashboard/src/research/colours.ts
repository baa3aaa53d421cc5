/** Colour ramps as RGB: diverging around zero, sequential for shares and counts. Light surfaces have their own. */
const DIVERGING = ['#ffb366', '#c69262', '#8f725b', '#5b5351', '#2b3444', '#3f586f', '#527f9c', '#66a8cc', '#7ad3ff'];
const SEQUENTIAL = ['#2b3444', '#575d64', '#888985', '#bbb7a6', '#f2e8c9'];

type Rgb = readonly [number, number, number];

const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;

/** 256 steps of a ramp. */
function steps(colours: readonly string[]): Uint8Array {
  const points = colours.map(rgb);
  const found = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (points.length - 1);
    const [a, b] = [points[Math.floor(at)] as Rgb, points[Math.min(points.length - 1, Math.floor(at) + 1)] as Rgb];
    for (let c = 0; c < 3; c++) found[i * 3 + c] = Math.round((a[c] ?? 0) + ((b[c] ?? 0) - (a[c] ?? 0)) * (at % 1));
  }
  return found;
}

const RAMPS = { diverging: steps(DIVERGING), sequential: steps(SEQUENTIAL) };

export type Scale = { kind: 'diverging' | 'sequential'; low: number; high: number };

/** Position of a value on its ramp, 0 to 255: zero is the middle of a diverging one, its farther end sets both sides. */
export function step({ kind, low, high }: Scale, value: number): number {
  const share = kind === 'diverging' ? 0.5 + value / (2 * (Math.max(Math.abs(low), Math.abs(high)) || 1)) : (value - low) / (high - low || 1);
  return Math.max(0, Math.min(255, Math.round(share * 255)));
}

/** Red, green, blue of a value. */
export function colour(scale: Scale, value: number): Rgb {
  const [ramp, at] = [RAMPS[scale.kind], step(scale, value) * 3];
  return [ramp[at] ?? 0, ramp[at + 1] ?? 0, ramp[at + 2] ?? 0];
}

/** Black or white, whichever contrasts more (WCAG 2). */
export function ink([r, g, b]: Rgb): string {
  const linear = (c: number) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? '#000000' : '#ffffff';
}
