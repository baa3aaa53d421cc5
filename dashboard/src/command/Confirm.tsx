/** One dialog for every deed: what it does in numbers, the key when it is locked, hold or type, then what became of it.
 *
 * Laws: focus begins on the harmless button; the button says the deed; a lost answer is "unknown", never success; what
 * raises risk asks for the key anew, each time.
 */
import { useEffect, useRef, useState, type SyntheticEvent } from 'react';
import { Refusal } from '../api/client';
import { Button, ProblemView, Skeleton } from '../components/parts';
import { Dialog } from '../components/Dialog';
import { useLive, useTick } from '../live/hooks';
import { fill, texts, useTexts } from '../text/language';
import { HoldButton } from './HoldButton';
import { key, useKey } from './key';
import css from './command.module.css';

const words = texts({
  key: ['Key for commands', 'Clé de commande'],
  keyHelp: ['Held in this page’s memory for five minutes, nowhere else.', 'Gardée cinq minutes dans la mémoire de cette page, nulle part ailleurs.'],
  type: ['or type {word} and press Enter', 'ou tapez {word} puis Entrée'],
  typeOnly: ['Type {word}', 'Tapez {word}'],
  offline: ['No connection: this cannot be sent from here. On the server: {cli}', 'Pas de connexion : impossible d’ici. Sur le serveur : {cli}'],
  sending: ['Sent, waiting for the answer…', 'Envoyé, en attente de la réponse…'],
  accepted: ['Accepted.', 'Accepté.'],
  unknown: ['Unknown outcome: no answer came in time. Asking again what is true.', 'Issue inconnue : aucune réponse à temps. On redemande ce qui est vrai.'],
  close: ['Close', 'Fermer'],
});

/** What will happen, in sentences with numbers, and the way to do exactly that: 'unknown' where no answer came in time. */
export type Step = { consequences: readonly string[]; send: () => Promise<'accepted' | 'unknown'> };

export type Deed = {
  title: string;
  /** What the button says: "Halt trading". */
  deed: string;
  /** What the harmless button says: "Keep trading". */
  keep: string;
  /** Typed instead of holding; the only way where `raises`. */
  word: string;
  holdMs?: number;
  /** It raises risk: the key is asked for anew and the word has to be typed. */
  raises?: boolean;
  /** The command on the server that does the same. */
  cli: string;
  /** Says what is true now, read back, while the dialog stays open. */
  verified?: () => string;
  /** Asks the server what it would do. Raises Refusal, as the step does. */
  prepare: () => Promise<Step>;
};

type State = { at: 'asking' } | { at: 'sending' } | { at: 'done'; outcome: 'accepted' | 'unknown' } | { at: 'refused'; error: unknown };

export function Confirm({ deed, onClose }: { deed: Deed; onClose: () => void }) {
  const t = useTexts(words);
  const live = useLive();
  const held = useKey() > 0;
  const [secret, setSecret] = useState('');
  const [typed, setTyped] = useState('');
  const [state, setState] = useState<State>({ at: 'asking' });
  const [told, setTold] = useState<Step | undefined>(undefined);
  const [asks, setAsks] = useState(0);
  useEffect(() => {
    const asking = { over: false };
    deed.prepare().then(
      (found) => !asking.over && setTold(found),
      (error: unknown) => !asking.over && setState({ at: 'refused', error }),
    );
    return () => {
      asking.over = true;
    };
  }, [deed, asks]);
  const harmless = useRef<HTMLDivElement>(null);
  useEffect(() => harmless.current?.querySelector('button')?.focus(), []);

  const asksKey = !held || deed.raises === true;
  const ready = live && told !== undefined && state.at !== 'sending' && (!asksKey || secret.length > 0);
  const send = async () => {
    if (!ready) return;
    if (asksKey) key.unlock(secret);
    setSecret('');
    setState({ at: 'sending' });
    try {
      setState({ at: 'done', outcome: await told.send() });
    } catch (error) {
      const lost = error instanceof Refusal && error.status === 0;
      setState(lost ? { at: 'done', outcome: 'unknown' } : { at: 'refused', error });
      if (error instanceof Refusal && (error.status === 409 || error.status === 410)) setAsks((n) => n + 1); // the facts have changed: show the new ones
    } finally {
      if (deed.raises) key.lock();
    }
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (typed.trim() === deed.word) void send();
  };
  return (
    <Dialog title={deed.title} onClose={onClose} {...(deed.raises ? { tone: 'danger' as const } : {})}>
      <ul className={css['told']}>
        {told?.consequences.map((line) => <li key={line}>{line}</li>)}
      </ul>
      {!told && state.at !== 'refused' && <Skeleton lines={2} />}
      {state.at === 'done' ? (
        <>
          <p className={css['outcome']} role="status">
            {state.outcome === 'accepted' ? t.accepted : t.unknown} {deed.verified && <ReadBack of={deed.verified} />}
          </p>
          <div className={css['row']}><Button onClick={onClose}>{t.close}</Button></div>
        </>
      ) : (
        <form className={css['form']} onSubmit={submit} autoComplete="off">
          {state.at === 'refused' && <ProblemView error={state.error} />}
          {!live && <p role="alert">{fill(t.offline, { cli: deed.cli })}</p>}
          {asksKey && (
            <label>
              {t.key}
              <input type="password" name="command-key" autoComplete="off" value={secret} onChange={(event) => setSecret(event.target.value)} />
              <span className={css['hint']}>{t.keyHelp}</span>
            </label>
          )}
          <label>
            {fill(deed.raises ? t.typeOnly : t.type, { word: deed.word })}
            <input type="text" autoComplete="off" autoCapitalize="characters" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />
          </label>
          {state.at === 'sending' && <p role="status">{t.sending}</p>}
          <div className={css['row']} ref={harmless}>
            <Button onClick={onClose}>{deed.keep}</Button>
            {deed.raises ? (
              <Button kind="danger" type="submit" disabled={!ready || typed.trim() !== deed.word}>{deed.deed}</Button>
            ) : (
              <>
                <button type="submit" hidden />
                <HoldButton text={deed.deed} holdMs={deed.holdMs ?? 1000} disabled={!ready} onHeld={() => void send()} />
              </>
            )}
          </div>
        </form>
      )}
    </Dialog>
  );
}

/** What is true now, looked at again every second. */
function ReadBack({ of }: { of: () => string }) {
  useTick();
  return of();
}
