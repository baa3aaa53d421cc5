/** A button that copies a text, and says that it did. */
import { useState } from 'react';
import { texts, useTexts } from '../text/language';
import { Icon } from './Icon';
import { Button } from './parts';

const words = texts({
  copy: ['Copy', 'Copier'],
  copied: ['Copied', 'Copié'],
});

export function Copy({ text, label }: { text: string; label?: string }) {
  const t = useTexts(words);
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <Button small onClick={() => void copy()} title={text}>
      <Icon name={done ? 'check' : 'copy'} size={12} /> <span aria-live="polite">{done ? t.copied : (label ?? t.copy)}</span>
    </Button>
  );
}
