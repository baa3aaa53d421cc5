/** Brackets beside a ranking: who cannot be told apart shares one; each gets a lane, drawn from its first row to its last. */
export type Mark = 'none' | 'first' | 'inside' | 'member' | 'last';

/** For each row the mark in each lane; a bracket of one alone is not drawn. */
export function lanes(rows: readonly { brackets: readonly number[] }[]): Mark[][] {
  const spans = new Map<number, { first: number; last: number; count: number }>();
  rows.forEach((row, i) => {
    for (const bracket of row.brackets) {
      const span = spans.get(bracket) ?? { first: i, last: i, count: 0 };
      spans.set(bracket, { first: Math.min(span.first, i), last: Math.max(span.last, i), count: span.count + 1 });
    }
  });
  const drawn = [...spans].filter(([, span]) => span.count > 1).sort(([, a], [, b]) => a.first - b.first || b.last - a.last);
  const ends: number[] = [];
  const placed = drawn.map(([bracket, span]) => {
    let lane = ends.findIndex((end) => end < span.first);
    if (lane < 0) lane = ends.length;
    ends[lane] = span.last;
    return { bracket, span, lane };
  });
  return rows.map((row, i) => ends.map((_, lane): Mark => {
    const here = placed.find((one) => one.lane === lane && one.span.first <= i && i <= one.span.last);
    if (!here) return 'none';
    if (i === here.span.first) return 'first';
    if (i === here.span.last) return 'last';
    return row.brackets.includes(here.bracket) ? 'member' : 'inside';
  }));
}

/** Where zero, low, high and the middle stand on one scale for all rows, as shares of its width. */
export function scaled(rows: readonly { net_return: number; low: number | null; high: number | null }[]): { at: (value: number) => number; zero: number } {
  const ends = rows.flatMap((row) => [row.net_return, row.low ?? 0, row.high ?? 0, 0]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const room = (high - low || 0.01) * 0.04;
  const at = (value: number) => (value - low + room) / (high - low + 2 * room || 1);
  return { at, zero: at(0) };
}
