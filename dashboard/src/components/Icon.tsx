/** Small drawings of our own, 16 by 16, in the colour of the text. */

const PATHS = {
  now: 'M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.5V8l2.5 1.5',
  positions: 'M2 12.5h12M4 10V6M8 10V3M12 10V7.5',
  grid: 'M2 3.5h12M2 8h12M2 12.5h12M5 6l3 4 3-5',
  scanner: 'M8 8 12.6 3.4M8 1.5A6.5 6.5 0 1 0 14.5 8M8 5a3 3 0 1 0 3 3',
  matrix: 'M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z',
  trades: 'M2 5h10M9 2l3 3-3 3M14 11H4M7 8l-3 3 3 3',
  equity: 'M2 13V3M2 13h12M4 10l3-3 2 2 4-5',
  arena: 'M5 14V8H2v6M9.5 14V3h-3v11M14 14V6h-3v8',
  explorer: 'M2.5 2.5h11v11h-11zM2.5 6.2h11M2.5 9.8h11M6.2 2.5v11M9.8 2.5v11',
  research: 'M6 1.5v4L2.5 13a1 1 0 0 0 1 1.5h9a1 1 0 0 0 1-1.5L10 5.5v-4M5 1.5h6M4.5 10h7',
  risk: 'M8 1.5 14 4v4c0 3.5-2.5 5.8-6 6.5C4.5 13.8 2 11.5 2 8V4z',
  events: 'M4 6.5a4 4 0 0 1 8 0c0 4 1.5 5 1.5 5h-11S4 10.5 4 6.5ZM6.5 13.5a1.6 1.6 0 0 0 3 0',
  data: 'M2.5 4c0-1.2 2.5-2 5.5-2s5.5.800 5.5 2-2.5 2-5.5 2-5.5-.800-5.5-2ZM2.5 4v8c0 1.2 2.5 2 5.5 2s5.5-.800 5.5-2V4M2.5 8c0 1.2 2.5 2 5.5 2s5.5-.800 5.5-2',
  system: 'M2 3h12v8H2zM5.5 14h5M8 11v3',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  unlock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 4.9-.700',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3 14 14',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2 14.5 13.5h-13zM8 6.5v3M8 11.5v.01',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 5v3l2 1.5',
  right: 'M6 3.5 10.5 8 6 12.5',
  down: 'M3.5 6 8 10.5 12.5 6',
  copy: 'M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3',
  halt: 'M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2zM5.5 8h5',
  reduce: 'M8 2v9M4 7.5 8 11.5l4-4M3 14h10',
  help: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM6.3 6.3a1.8 1.8 0 1 1 2.5 1.7c-.600.3-.800.6-.800 1.2M8 11.2v.01',
} as const;

export type IconName = keyof typeof PATHS;

export const isIcon = (name: string): name is IconName => name in PATHS;

export function Icon({ name, size = 16, label }: { name: string; size?: number; label?: string }) {
  return (
    <svg
      width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round"
      role={label ? 'img' : undefined} aria-label={label} aria-hidden={label ? undefined : true} focusable="false"
    >
      <path d={isIcon(name) ? PATHS[name] : PATHS.help} />
    </svg>
  );
}
