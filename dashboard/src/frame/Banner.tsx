/** What every page must say above everything else: no connection, or a halt. */
import { Link } from 'wouter';
import { Button } from '../components/parts';
import { Icon } from '../components/Icon';
import { resumeDeed } from '../command/deeds';
import { show } from '../command/store';
import { age, duration, moment } from '../format/time';
import { connection, useLink, useTick, useValue } from '../live/hooks';
import { fill, useTexts } from '../text/language';
import { useZone } from '../text/settings';
import { words } from './texts';
import css from './frame.module.css';

export function Banner() {
  useTick();
  const t = useTexts(words);
  const zone = useZone();
  const link = useLink();
  const status = useValue('status', 'now');
  if (link.state === 'lost') {
    const wait = link.nextTry - performance.now();
    return (
      <div className={css['banner']} data-tone="unknown" role="alert">
        <p>
          <b>{t.unknown}</b> {fill(t.reconnecting, { tries: link.tries })}
          {wait > 0 && `, ${fill(t.nextTry, { left: duration(wait) })}`}. {link.beat && fill(t.lastSeen, { age: age(connection.sinceBeat()) })}
        </p>
        <Button small onClick={() => connection.now()}>{t.now}</Button>
      </div>
    );
  }
  const halts = status?.halts ?? [];
  if (!halts.length) return null;
  const whole = halts.find((halt) => halt.symbol === '');
  return (
    <div className={css['banner']} role="alert">
      <Icon name="halt" />
      <p>
        <b>{t.halted}{whole ? '' : ` ${halts.map((halt) => halt.symbol).join(', ')}`}</b> {t.since} {moment((whole ?? halts[0])?.since_ms, zone)}:{' '}
        {(whole ?? halts[0])?.reason}. {t.kept}
      </p>
      <Link to="/events" style={{ color: 'inherit', textDecoration: 'underline' }}>{t.happened}</Link>
      <Button small onClick={() => show({ kind: 'deed', deed: resumeDeed((whole ?? halts[0])?.symbol ?? '') })}>{t.resume}</Button>
    </div>
  );
}
