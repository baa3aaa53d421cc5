/** The rail of a desktop, the bottom bar of a phone and what stands behind its "More". */
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { Badge, Button, Choice } from '../components/parts';
import { Dialog } from '../components/Dialog';
import { Icon } from '../components/Icon';
import { haltDeed, reduceDeed } from '../command/deeds';
import { show } from '../command/store';
import { useLive, useSelected } from '../live/hooks';
import { homeOf, pages, type Group } from '../pages';
import { useTexts } from '../text/language';
import { choose, useSettings } from '../text/settings';
import { ScopeSwitch } from './Strip';
import { words } from './texts';
import css from './frame.module.css';

const GROUPS: readonly Group[] = ['watch', 'review', 'research', 'house'];

export const isAt = (path: string, home: string): boolean => (home === '/' ? path === '/' : path === home || path.startsWith(`${home}/`));

const kept = (home: string): string => {
  const scope = new URLSearchParams(location.search).get('scope');
  return scope ? `${home}?scope=${scope}` : home;
};

const firstPart = (home: string): string => `/${home.split('/')[1] ?? ''}`;

export function Rail() {
  const t = useTexts(words);
  const { language } = useSettings();
  const [path] = useLocation();
  return (
    <nav className={css['rail']} aria-label={t.menu}>
      <Link to="/" className={css['brand']}><Icon name="scanner" size={20} /><span>Scalp Radar</span></Link>
      {GROUPS.map((group) => {
        const own = pages.filter((page) => page.group === group);
        return own.length > 0 && (
          <div key={group}>
            <div className={css['group']}>{t[group]}</div>
            {own.map((page) => {
              const title = page.title[language === 'fr' ? 1 : 0];
              const here = isAt(path, firstPart(page.paths[0] ?? '/'));
              return (
                <Link key={page.id} to={kept(homeOf(page))} className={css['item']} aria-current={here ? 'page' : undefined} title={title}>
                  <Icon name={page.icon} /><span>{title}</span><kbd>g {page.key}</kbd>
                </Link>
              );
            })}
          </div>
        );
      })}
    </nav>
  );
}

const dangers = (events: ReadonlyMap<string, { severity: string; acknowledged: boolean }>): number =>
  [...events.values()].filter((event) => event.severity === 'critical' && !event.acknowledged).length;

export function Bottom() {
  const t = useTexts(words);
  const { language } = useSettings();
  const [path] = useLocation();
  const [more, setMore] = useState(false);
  const critical = useSelected('events', dangers);
  const shown = pages.filter((page) => page.phone).slice(0, 4);
  return (
    <>
      <nav className={css['bottom']} aria-label={t.menu} style={{ gridTemplateColumns: `repeat(${shown.length + 1}, 1fr)` }}>
        {shown.map((page) => (
          <Link key={page.id} to={kept(homeOf(page))} className={css['tab']} aria-current={isAt(path, firstPart(page.paths[0] ?? '/')) ? 'page' : undefined}>
            <Icon name={page.icon} size={20} />
            <span>{page.title[language === 'fr' ? 1 : 0]}{page.id === 'events' && critical > 0 && <> <Badge tone="danger">{critical}</Badge></>}</span>
          </Link>
        ))}
        <button type="button" className={css['tab']} onClick={() => setMore(true)} aria-haspopup="dialog"><Icon name="more" size={20} /><span>{t.more}</span></button>
      </nav>
      {more && <More onClose={() => setMore(false)} />}
    </>
  );
}

function More({ onClose }: { onClose: () => void }) {
  const t = useTexts(words);
  const live = useLive();
  const { language } = useSettings();
  const others = pages.filter((page) => !page.phone);
  const go = (open: () => void) => () => {
    onClose();
    open();
  };
  return (
    <Dialog title={t.more} onClose={onClose}>
      <Button kind="danger" disabled={!live} onClick={go(() => show({ kind: 'deed', deed: haltDeed('') }))}><Icon name="halt" /> {t.halt}</Button>
      <Button disabled={!live} onClick={go(() => show({ kind: 'deed', deed: reduceDeed('') }))}><Icon name="reduce" /> {t.reduce}</Button>
      <div className={css['sheetGrid']}>
        {others.map((page) => (
          <Link key={page.id} to={kept(homeOf(page))} onClick={onClose}><Icon name={page.icon} size={20} />{page.title[language === 'fr' ? 1 : 0]}</Link>
        ))}
      </div>
      <ScopeSwitch />
      <Choice label="language" value={language} options={[['en', 'English'], ['fr', 'Français']]} onChange={(next) => choose({ language: next })} />
      <Button onClick={go(() => show({ kind: 'palette' }))}><Icon name="search" /> {t.search}</Button>
      <Button onClick={go(() => show({ kind: 'key' }))}><Icon name="lock" /> {t.unlock}</Button>
    </Dialog>
  );
}
