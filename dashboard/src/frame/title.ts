/** The browser's tab: title and icon say safety and P&L; the icon changes its shape, not only its colour. */
import { useEffect } from 'react';
import { change, tone } from '../format/numbers';
import { useSelected, useValue } from '../live/hooks';
import { useSafety } from '../live/safety';
import { useScope } from '../live/scope';

const ARROW = { up: '▲ ', down: '▼ ', flat: '' };

export function useTitle(): void {
  const { word } = useSafety();
  const { scope } = useScope();
  const fraction = useValue('equity', scope)?.day_fraction;
  const status = useValue('status', 'now');
  const open = useSelected('positions', (positions) => [...positions.values()].filter((p) => p.scope === scope).length);
  const halted = status?.halts.some((halt) => halt.symbol === '') ?? false;
  const mode = status?.mode.toUpperCase() ?? '';
  const money = `${ARROW[tone(fraction, 1)]}${change(fraction)} ${open} open ${mode}`;
  const title = word === 'UNKNOWN' ? '? UNKNOWN' : halted ? '!! HALTED' : word === 'DANGER' ? `!! ${money}` : money;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    document.querySelector('link[rel=icon]')?.setAttribute('href', `/icon-${word.toLowerCase()}.svg`);
  }, [word]);
}
