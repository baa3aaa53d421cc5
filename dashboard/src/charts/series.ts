/** Identity of curves: a colour and a dash of its own for each of up to six, in order. */
export type Look = { colour: string; dash: readonly number[]; line: 0 | 1 | 2 | 3 };

const DASHES: readonly (readonly number[])[] = [[], [1.5, 3], [6, 4], [10, 4]];

/** The look of the n-th curve; `colour` is the name of a token. */
export function look(n: number): Look {
  const line = (Math.floor(n / 6) + (n % 6)) % 4;
  return { colour: `series-${(n % 6) + 1}`, dash: DASHES[line] ?? [], line: line as Look['line'] };
}

/** What a chart takes: one point a second, the last of those that share one; times in UTC milliseconds. */
export function pointsOf(t: readonly number[], values: readonly number[]): { time: number; value: number }[] {
  const found: { time: number; value: number }[] = [];
  t.forEach((ms, i) => {
    const time = Math.floor(ms / 1000);
    const point = { time, value: values[i] ?? 0 };
    if (found.at(-1)?.time === time) found[found.length - 1] = point;
    else found.push(point);
  });
  return found;
}
