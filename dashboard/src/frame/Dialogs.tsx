/** The dialogs that any page may ask for: a deed, the key, the reasons of the safety word, palette, list of keys. */
import { Suspense, lazy, useState, type SyntheticEvent } from 'react';
import { Confirm } from '../command/Confirm';
import { key } from '../command/key';
import { show, useOpen } from '../command/store';
import { Badge, Button } from '../components/parts';
import { Dialog } from '../components/Dialog';
import { useSafety } from '../live/safety';
import { texts, useTexts } from '../text/language';
import { words as frame } from './texts';
import css from './frame.module.css';
import commandCss from '../command/command.module.css';

const Palette = lazy(() => import('./Palette'));
const Keys = lazy(() => import('./Keys'));

const words = texts({
  key: ['Key for commands', 'Clé de commande'],
  help: ['It lies in the state folder as api_key, or is SCALP_RADAR_API_KEY. This page holds it in memory for five minutes.', 'Elle se trouve dans le dossier d’état (api_key), ou est SCALP_RADAR_API_KEY. Cette page la garde cinq minutes en mémoire.'],
  unlock: ['Unlock', 'Déverrouiller'],
});

const close = () => show(undefined);

export function Dialogs() {
  const open = useOpen();
  if (!open) return null;
  if (open.kind === 'deed') return <Confirm deed={open.deed} onClose={close} />;
  if (open.kind === 'key') return <KeyDialog />;
  if (open.kind === 'safety') return <Reasons />;
  return <Suspense fallback={null}>{open.kind === 'palette' ? <Palette onClose={close} /> : <Keys onClose={close} />}</Suspense>;
}

function KeyDialog() {
  const t = useTexts(words);
  const [secret, setSecret] = useState('');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!secret) return;
    key.unlock(secret);
    setSecret('');
    close();
  };
  return (
    <Dialog title={t.key} onClose={close}>
      <form className={commandCss['form']} onSubmit={submit} autoComplete="off">
        <label>
          {t.key}
          <input type="password" name="command-key" autoComplete="off" autoFocus value={secret} onChange={(event) => setSecret(event.target.value)} />
          <span className={commandCss['hint']}>{t.help}</span>
        </label>
        <div className={commandCss['row']}><Button type="submit" disabled={!secret}>{t.unlock}</Button></div>
      </form>
    </Dialog>
  );
}

function Reasons() {
  const t = useTexts(frame);
  const { word, reasons } = useSafety();
  return (
    <Dialog title={word === 'UNKNOWN' ? t.unknown : word} onClose={close}>
      {reasons.length === 0 ? <p>{t.safe}</p> : (
        <ul className={css['reasons']}>
          {reasons.map((reason) => (
            <li key={`${reason.code}${reason.symbol}${reason.text}`}>
              <Badge tone={reason.level === 'DANGER' ? 'danger' : 'warn'} icon={reason.level === 'DANGER' ? 'cross' : 'warn'}>{reason.level}</Badge>
              <span>{reason.text}</span>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
