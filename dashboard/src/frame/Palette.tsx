/** Ctrl K: pages, symbols, strategies, terms, commands. A dangerous entry opens its dialog, nothing more. */
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useLocation } from 'wouter';
import { haltDeed, resumeDeed } from '../command/deeds';
import { show } from '../command/store';
import { Dialog } from '../components/Dialog';
import { Icon } from '../components/Icon';
import { TERMS, termKeys } from '../glossary/terms';
import { useTopic } from '../live/hooks';
import { homeOf, pages } from '../pages';
import { texts, useTexts } from '../text/language';
import { choose, useSettings } from '../text/settings';
import css from './frame.module.css';

const words = texts({
  search: ['Search pages, symbols, strategies, terms, commands', 'Chercher pages, symboles, stratégies, termes, commandes'],
  go: ['Go to', 'Aller à'],
  term: ['Term', 'Terme'],
  command: ['Command', 'Commande'],
  halt: ['Halt all trading…', 'Arrêter tout le trading…'],
  resume: ['Resume all trading…', 'Reprendre tout le trading…'],
  reduce: ['Reduce {symbol}…', 'Réduire {symbol}…'],
  utc: ['Times in UTC or local', 'Heures en UTC ou locales'],
  theme: ['Theme: dark, night, light', 'Thème : sombre, nuit, clair'],
  colours: ['Colours of profit and loss', 'Couleurs des gains et pertes'],
  none: ['Nothing of that name.', 'Rien de ce nom.'],
});

type Entry = { id: string; name: string; about: string; icon: string; key?: string; run: () => void };

const THEMES = ['dark', 'night', 'light'] as const;
const COLOURS = ['blue-orange', 'green-red', 'red-green'] as const;
const after = <T,>(all: readonly T[], one: T): T => all[(all.indexOf(one) + 1) % all.length] as T;

/** How well the letters typed fit a name: a whole part before scattered letters; -1 for not at all. */
export function fit(name: string, typed: string): number {
  const [own, wanted] = [name.toLowerCase(), typed.trim().toLowerCase()];
  if (!wanted) return 0;
  const at = own.indexOf(wanted);
  if (at >= 0) return 100 - at;
  let from = 0;
  for (const letter of wanted) {
    from = own.indexOf(letter, from) + 1;
    if (!from) return -1;
  }
  return 10 - Math.min(9, from - wanted.length);
}

export default function Palette({ onClose }: { onClose: () => void }) {
  const t = useTexts(words);
  const set = useSettings();
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const prices = useTopic('prices');
  const runners = useTopic('runners');
  const entries = useMemo(() => {
    const french = set.language === 'fr' ? 1 : 0;
    const all: Entry[] = pages.map((page) => ({ id: `page ${page.id}`, name: page.title[french], about: t.go, icon: page.icon, key: `g ${page.key}`, run: () => navigate(homeOf(page)) }));
    for (const symbol of prices?.keys() ?? []) {
      all.push({ id: `scanner ${symbol}`, name: symbol, about: t.go, icon: 'scanner', run: () => navigate(`/scanner/${symbol}`) });
    }
    for (const runner of runners?.values() ?? []) {
      for (const plan of runner.plans) {
        const name = `${runner.strategy} ${plan.symbol}`;
        all.push({ id: `grid ${name}`, name, about: t.go, icon: 'grid', run: () => navigate(`/grid/${runner.strategy}/${plan.symbol}`) });
      }
    }
    all.push(
      { id: 'halt', name: t.halt, about: t.command, icon: 'halt', run: () => show({ kind: 'deed', deed: haltDeed('') }) },
      { id: 'resume', name: t.resume, about: t.command, icon: 'unlock', run: () => show({ kind: 'deed', deed: resumeDeed('') }) },
      { id: 'utc', name: t.utc, about: t.command, icon: 'clock', key: 'u', run: () => choose({ utc: !set.utc }) },
      { id: 'theme', name: t.theme, about: set.theme, icon: 'system', run: () => choose({ theme: after(THEMES, set.theme) }) },
      { id: 'colours', name: t.colours, about: set.colours, icon: 'equity', run: () => choose({ colours: after(COLOURS, set.colours) }) },
      { id: 'english', name: 'English', about: t.command, icon: 'help', run: () => choose({ language: 'en' }) },
      { id: 'french', name: 'Français', about: t.command, icon: 'help', run: () => choose({ language: 'fr' }) },
    );
    for (const term of termKeys) {
      const [name, meaning] = TERMS[term][set.language];
      all.push({ id: `term ${term}`, name, about: meaning, icon: 'help', run: () => undefined });
    }
    return all;
  }, [t, set, prices, runners, navigate]);
  const shown = useMemo(
    () => entries.map((entry) => [fit(entry.name, typed), entry] as const).filter(([score]) => score >= 0)
      .sort((a, b) => b[0] - a[0]).slice(0, 40).map(([, entry]) => entry),
    [entries, typed],
  );
  const chosen = Math.min(at, shown.length - 1);
  const run = (entry: Entry | undefined) => {
    if (!entry || entry.id.startsWith('term ')) return;
    onClose();
    entry.run();
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((chosen + step + shown.length) % shown.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(shown[chosen]);
    }
  };
  return (
    <Dialog title="Ctrl K" onClose={onClose}>
      <div className={css['palette']} onKeyDown={press}>
        <input
          type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={shown[chosen] ? `palette-${chosen}` : undefined}
          autoFocus placeholder={t.search} aria-label={t.search} value={typed} onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
        />
        <ul id="palette-list" role="listbox" aria-label={t.search}>
          {shown.length === 0 && <li>{t.none}</li>}
          {shown.map((entry, i) => (
            <li
              key={entry.id} id={`palette-${i}`} role="option" aria-selected={i === chosen} className={css['entry']}
              ref={i === chosen ? (row) => row?.scrollIntoView({ block: 'nearest' }) : undefined} onClick={() => run(entry)} onPointerMove={() => setAt(i)}
            >
              <Icon name={entry.icon} />
              <span>{entry.name} <small>{entry.about}</small></span>
              {entry.key && <kbd>{entry.key}</kbd>}
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
