/** A deed that has to be held: for a moment with a pointer; by keyboard the word is typed instead (see `Confirm`). */
import { useEffect, useRef, useState } from 'react';
import css from './command.module.css';

export function HoldButton({ text, holdMs, disabled, onHeld }: { text: string; holdMs: number; disabled?: boolean; onHeld: () => void }) {
  const [held, setHeld] = useState(0);
  const began = useRef(0);
  const frame = useRef(0);
  const stop = () => {
    cancelAnimationFrame(frame.current);
    began.current = 0;
    setHeld(0);
  };
  const grow = () => {
    if (!began.current) return;
    const share = Math.min(1, (performance.now() - began.current) / holdMs);
    setHeld(share);
    if (share < 1) {
      frame.current = requestAnimationFrame(grow);
      return;
    }
    stop();
    onHeld();
  };
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return (
    <button
      type="button" className={css['hold']} disabled={disabled} tabIndex={-1}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        began.current = performance.now();
        grow();
      }}
      onPointerUp={stop} onPointerCancel={stop} onContextMenu={(event) => event.preventDefault()}
    >
      <i style={{ transform: `scaleX(${held})` }} aria-hidden="true" />
      <span>{text}</span>
    </button>
  );
}
