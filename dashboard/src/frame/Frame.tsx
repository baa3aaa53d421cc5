/** The frame round every page, and the pages by their addresses. */
import { Component, Suspense, type ReactNode } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { Button, Skeleton } from '../components/parts';
import { pages } from '../pages';
import { speak, useTexts } from '../text/language';
import { settings } from '../text/settings';
import { Banner } from './Banner';
import { Dialogs } from './Dialogs';
import { Bottom, Rail } from './Menus';
import { Strip } from './Strip';
import { words } from './texts';
import { useShortcuts } from './shortcuts';
import { useTitle } from './title';
import css from './frame.module.css';

export function Frame() {
  const t = useTexts(words);
  useShortcuts();
  useTitle();
  const [path] = useLocation();
  return (
    <div className={css['frame']}>
      <a className={css['skip']} href="#page">{t.skip}</a>
      <Strip />
      <Banner />
      <Rail />
      <main id="page" className={css['page']} tabIndex={-1}>
        <Fault key={path}>
          <Suspense fallback={<Skeleton lines={8} />}>
            <Switch>
              {pages.flatMap((page) => page.paths.map((one) => <Route key={one} path={one} component={page.View} />))}
              <Route><Missing /></Route>
            </Switch>
          </Suspense>
        </Fault>
      </main>
      <Bottom />
      <Dialogs />
    </div>
  );
}

function Missing() {
  const t = useTexts(words);
  return <div className={css['fault']}><p>{t.missing}</p><Link to="/">{t.toNow}</Link></div>;
}

/** A page that throws shows its address and a reload; the frame lives on. */
class Fault extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const t = speak(words, settings().language);
    return (
      <div className={css['fault']} role="alert">
        <b>{t.failed}</b>
        <code>{location.pathname}{location.search}: {error.message}</code>
        <Button onClick={() => location.reload()}>{t.reload}</Button>
      </div>
    );
  }
}
