/** Background and text of a monthly return: the diverging ramp of the heatmaps, and whichever text contrasts more. */
const DOWN = ['#2b3444', '#5b5351', '#8f725b', '#c69262', '#ffb366'] as const;
const UP = ['#2b3444', '#3f586f', '#527f9c', '#66a8cc', '#7ad3ff'] as const;
const LIMITS = [0.002, 0.02, 0.05, 0.1] as const;

const channel = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

/** Relative luminance after WCAG 2 of `#rrggbb`. */
export function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => channel(parseInt(colour.slice(at, at + 2), 16) / 255)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export const contrast = (a: string, b: string): number => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number];
  return (x + 0.05) / (y + 0.05);
};

/** Colours of a cell; five steps either way, from 0.2 % on. */
export function cell(fraction: number): { background: string; color: string } {
  const step = LIMITS.filter((limit) => Math.abs(fraction) >= limit).length;
  const background = (fraction < 0 ? DOWN : UP)[step] ?? DOWN[0];
  return { background, color: contrast(background, '#000000') > contrast(background, '#ffffff') ? '#000000' : '#ffffff' };
}
