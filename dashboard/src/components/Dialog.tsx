/** A dialog over the page: the browser's own, so focus, Escape and the background are right. On a phone a bottom sheet. */
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { Icon } from './Icon';
import css from './Dialog.module.css';

export function Dialog({ title, onClose, children, tone }: { title: string; onClose: () => void; children: ReactNode; tone?: 'danger' }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog} className={css['dialog']} data-tone={tone} aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className={css['inner']}>
        <header className={css['head']}>
          <h2 id={id}>{title}</h2>
          <button type="button" className={css['close']} onClick={onClose} aria-label="Close">
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
