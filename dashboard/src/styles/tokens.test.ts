import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const sheet = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');

function tokensOf(selector: string): Record<string, string> {
  const block = new RegExp(`${selector.replace(/[[\]()']/g, '\\$&')}\\s*\\{([^}]*)\\}`).exec(sheet)?.[1] ?? '';
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => [name, value] as const));
}

const channel = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16) / 255)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const dark = tokensOf(':root');
const light = { ...dark, ...tokensOf(":root[data-theme='light']") };
const surfaces = ['bg-0', 'bg-1', 'bg-2', 'bg-3'];

describe.each([['dark', dark, 4.5], ['light', light, 4.5]] as const)('%s', (_, tokens, least) => {
  test.each(['text-1', 'text-2', 'text-3', 'up', 'down', 'warn', 'danger', 'accent', 'average'])('%s can be read on every surface', (name) => {
    for (const surface of surfaces) expect(contrast(tokens[name] ?? '', tokens[surface] ?? ''), `${name} on ${surface}`).toBeGreaterThanOrEqual(least);
  });

  test('words on filled badges can be read', () => {
    expect(contrast(tokens['warn-text'] ?? '', tokens['warn'] ?? '')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens['danger-text'] ?? '', tokens['danger-fill'] ?? '')).toBeGreaterThanOrEqual(4.5);
  });

  test('borders of controls are seen', () => {
    for (const surface of surfaces) expect(contrast(tokens['line'] ?? '', tokens[surface] ?? '')).toBeGreaterThanOrEqual(surface === 'bg-3' ? 2.8 : 3);
  });
});

test.each([":root[data-colours='green-red']", ":root[data-colours='red-green']"])('%s can be read too', (selector) => {
  const own = tokensOf(selector);
  for (const name of ['up', 'down']) for (const surface of surfaces) expect(contrast(own[name] ?? '', dark[surface] ?? '')).toBeGreaterThanOrEqual(4.5);
});
