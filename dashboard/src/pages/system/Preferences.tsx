/** What the user chose for this browser. */
import type { ReactNode } from 'react';
import { Button, Card, Choice } from '../../components/parts';
import { show } from '../../command/store';
import { localZone } from '../../format/time';
import { useTexts } from '../../text/language';
import { choose, useSettings } from '../../text/settings';
import { words } from './texts';
import css from './System.module.css';

export function Preferences() {
  const t = useTexts(words);
  const chosen = useSettings();
  return (
    <Card title={t.preferences}>
      <div className={css['preferences']}>
        <Line name={t.language}><Choice label={t.language} value={chosen.language} options={[['en', 'English'], ['fr', 'Français']]} onChange={(language) => choose({ language })} /></Line>
        <Line name={t.colours}>
          <Choice label={t.colours} value={chosen.colours} options={[['blue-orange', t.blueOrange], ['green-red', t.greenRed], ['red-green', t.redGreen]]} onChange={(colours) => choose({ colours })} />
        </Line>
        <Line name={t.theme}><Choice label={t.theme} value={chosen.theme} options={[['dark', t.dark], ['night', t.night], ['light', t.light]]} onChange={(theme) => choose({ theme })} /></Line>
        <Line name={t.times}><Choice label={t.times} value={chosen.utc ? 'utc' : 'local'} options={[['local', `${t.local} (${localZone()})`], ['utc', 'UTC']]} onChange={(zone) => choose({ utc: zone === 'utc' })} /></Line>
        <Line name={t.keys}>
          <Choice label={t.keys} value={chosen.singleKeys ? 'on' : 'off'} options={[['on', t.on], ['off', t.off]]} onChange={(keys) => choose({ singleKeys: keys === 'on' })} />
          <Button small onClick={() => show({ kind: 'keys' })}>{t.keysList}</Button>
        </Line>
      </div>
      <p className={css['dim']}>{t.kept}</p>
    </Card>
  );
}

const Line = ({ name, children }: { name: string; children: ReactNode }) => <div className={css['preference']}><span>{name}</span><span>{children}</span></div>;
