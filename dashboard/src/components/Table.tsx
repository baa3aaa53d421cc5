/** One table for all pages: sorting by a click on the head, `j k` and `Enter`, virtual rows from 100 on, cards on a phone.
 *
 * A card shows the columns marked `phone: 'head'` on its first line and the other `phone` ones on its second.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useKeys } from '../frame/shortcuts';
import type { TermKey } from '../glossary/terms';
import { Term } from './parts';
import css from './Table.module.css';

export type Column<R> = {
  id: string;
  head: ReactNode;
  cell: (row: R) => ReactNode;
  /** Sorts by this; without it the head is no button. Null sorts last. */
  by?: (row: R) => number | string | null | undefined;
  /** Explained by the glossary, behind a "?" beside the head. */
  term?: TermKey;
  number?: boolean;
  /** Grows with the table. */
  wide?: boolean;
  phone?: 'head' | 'line' | 'none';
};

const PHONE = '(width < 640px)';
const VIRTUAL_FROM = 100;
const ROW = 32;
const CARD = 64;

const media = () => window.matchMedia(PHONE);
const onMedia = (listener: () => void) => {
  const list = media();
  list.addEventListener('change', listener);
  return () => list.removeEventListener('change', listener);
};

/** Whether the window is as narrow as a phone. */
export const usePhone = (): boolean => useSyncExternalStore(onMedia, () => media().matches);

export function Table<R>({ label, rows, columns, keyOf, onOpen, chosen, sorted, empty, detail, height, onEnd, keys = true, first, groups }: {
  label: string;
  rows: readonly R[];
  columns: readonly Column<R>[];
  keyOf: (row: R) => string;
  /** Enter or click. */
  onOpen?: (row: R) => void;
  /** Key of the row that is open. */
  chosen?: string | undefined;
  /** Column and direction to begin with; `-id` descends. */
  sorted?: string;
  empty?: ReactNode;
  /** Shown below the row that is open; only where rows are not virtual. */
  detail?: (row: R) => ReactNode;
  /** Scrolls within so much; needed for virtual rows. */
  height?: number | string;
  /** Called when the last row comes into view: time for the next page. */
  onEnd?: () => void;
  keys?: boolean;
  /** These stay on top, however the others are sorted. */
  first?: (row: R) => boolean;
  /** Rows of one name stand together below a head of their own; only where rows are not virtual. */
  groups?: { of: (row: R) => string; head: (name: string, rows: readonly R[]) => ReactNode } | undefined;
}) {
  const phone = usePhone();
  const [order, setOrder] = useState(sorted ?? '');
  const [at, setAt] = useState(-1);
  const scroller = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => {
    const down = order.startsWith('-');
    const by = columns.find((column) => column.id === order.replace(/^-/, ''))?.by;
    const ordered = by ? [...rows].sort((a, b) => compare(by(a), by(b), down)) : rows;
    const urgent = first ? [...ordered.filter(first), ...ordered.filter((row) => !first(row))] : ordered;
    if (!groups) return urgent;
    const names = [...new Set(urgent.map(groups.of))];
    return names.flatMap((name) => urgent.filter((row) => groups.of(row) === name));
  }, [rows, columns, order, first, groups]);
  const virtual = shown.length >= VIRTUAL_FROM;
  const window_ = useVirtualizer({
    count: shown.length, enabled: virtual, getScrollElement: () => scroller.current, estimateSize: () => (phone ? CARD : ROW), overscan: 12,
  });
  const items = virtual ? window_.getVirtualItems() : undefined;
  const last = items?.at(-1)?.index ?? shown.length - 1;
  useEffect(() => {
    if (onEnd && shown.length > 0 && last >= shown.length - 5) onEnd();
  }, [last, shown.length, onEnd]);
  const move = (step: number) => {
    const next = Math.max(0, Math.min(shown.length - 1, at + step));
    setAt(next);
    if (virtual) window_.scrollToIndex(next);
    else scroller.current?.querySelectorAll('[data-row]')[next]?.scrollIntoView({ block: 'nearest' });
  };
  const open = () => {
    const row = shown[at];
    if (row !== undefined) onOpen?.(row);
  };
  useKeys(keys && onOpen ? { j: () => move(1), k: () => move(-1), Enter: open } : {});
  if (!rows.length && empty) return <>{empty}</>;

  const visible = items ? items.map((item) => item.index) : shown.map((_, i) => i);
  const before = items?.[0]?.start ?? 0;
  const after = items ? window_.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;
  const props = (row: R, i: number) => ({
    'data-row': i, 'data-at': i === at || undefined, 'data-open': keyOf(row) === chosen || undefined, 'data-opens': onOpen ? true : undefined,
    onClick: onOpen && ((event: React.MouseEvent) => {
      if ((event.target as HTMLElement).closest('a, button, input')) return;
      setAt(i);
      onOpen(row);
    }),
  });
  const style = virtual ? { maxHeight: height ?? '70vh' } : height ? { maxHeight: height } : undefined;
  if (phone) {
    const heads = columns.filter((column) => column.phone === 'head');
    const lines = columns.filter((column) => column.phone === 'line');
    return (
      <div ref={scroller} className={css['scroll']} style={style}>
        <ul className={css['cards']} aria-label={label}>
          {before > 0 && <li style={{ height: before }} aria-hidden="true" />}
          {visible.map((i) => {
            const row = shown[i] as R;
            return (
              <li key={keyOf(row)} {...props(row, i)}>
                <div className={css['cardHead']}>{heads.map((column) => <span key={column.id} data-number={column.number ?? undefined}>{column.cell(row)}</span>)}</div>
                {lines.length > 0 && <div className={css['cardLine']}>{lines.map((column) => <span key={column.id}>{column.cell(row)}</span>)}</div>}
                {detail && keyOf(row) === chosen && <div className={css['detail']}>{detail(row)}</div>}
              </li>
            );
          })}
          {after > 0 && <li style={{ height: after }} aria-hidden="true" />}
        </ul>
      </div>
    );
  }
  return (
    <div ref={scroller} className={css['scroll']} style={style} tabIndex={virtual || height ? 0 : undefined} role={virtual || height ? 'region' : undefined} aria-label={virtual || height ? label : undefined}>
      <table className={css['table']} aria-label={label} aria-rowcount={virtual ? shown.length + 1 : undefined}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id} scope="col" data-number={column.number ?? undefined} data-wide={column.wide ?? undefined}
                aria-sort={order.replace(/^-/, '') === column.id ? (order.startsWith('-') ? 'descending' : 'ascending') : undefined}
              >
                {column.by ? (
                  <button type="button" onClick={() => setOrder(order === `-${column.id}` ? column.id : `-${column.id}`)}>
                    {column.head}<span aria-hidden="true">{order === column.id ? ' ↑' : order === `-${column.id}` ? ' ↓' : ''}</span>
                  </button>
                ) : column.head}
                {column.term && <> <Term of={column.term}>?</Term></>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden="true"><td colSpan={columns.length} style={{ height: before, padding: 0 }} /></tr>}
          {visible.flatMap((i) => {
            const row = shown[i] as R;
            const line = (
              <tr key={keyOf(row)} aria-rowindex={virtual ? i + 2 : undefined} {...props(row, i)}>
                {columns.map((column) => <td key={column.id} data-number={column.number ?? undefined}>{column.cell(row)}</td>)}
              </tr>
            );
            const below = !virtual && detail && keyOf(row) === chosen && (
              <tr key={`${keyOf(row)} detail`} className={css['below']}><td colSpan={columns.length}><div className={css['detail']}>{detail(row)}</div></td></tr>
            );
            const name = groups?.of(row);
            const before_ = shown[i - 1];
            const opens = groups && name !== undefined && (before_ === undefined || groups.of(before_) !== name);
            const head = opens && !virtual && (
              <tr key={`${name} group`} className={css['group']}><th scope="rowgroup" colSpan={columns.length}>{groups.head(name, shown.filter((one) => groups.of(one) === name))}</th></tr>
            );
            return [head, line, below].filter(Boolean);
          })}
          {after > 0 && <tr aria-hidden="true"><td colSpan={columns.length} style={{ height: after, padding: 0 }} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

function compare(a: number | string | null | undefined, b: number | string | null | undefined, down: boolean): number {
  const [x, y] = [a ?? null, b ?? null];
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
  const order = typeof x === 'string' || typeof y === 'string' ? String(x).localeCompare(String(y)) : x - y;
  return down ? -order : order;
}
