/** The list of keys, and the switch for single ones. */
import { Choice } from '../components/parts';
import { Dialog } from '../components/Dialog';
import { pages } from '../pages';
import { texts, useTexts } from '../text/language';
import { choose, useSettings } from '../text/settings';
import css from './frame.module.css';

const words = texts({
  title: ['Keys', 'Touches'],
  palette: ['palette', 'palette'],
  utc: ['UTC or local', 'UTC ou heure locale'],
  list: ['this list', 'cette liste'],
  filter: ['filter', 'filtre'],
  rows: ['next, previous row; Enter opens', 'ligne suivante, précédente ; Entrée ouvre'],
  symbol: ['previous, next symbol', 'symbole précédent, suivant'],
  strategy: ['previous, next strategy', 'stratégie précédente, suivante'],
  timeframe: ['timeframe', 'unité de temps'],
  single: ['Single keys', 'Touches simples'],
  on: ['on', 'oui'],
  off: ['off', 'non'],
});

export default function Keys({ onClose }: { onClose: () => void }) {
  const t = useTexts(words);
  const { language, singleKeys } = useSettings();
  const all: (readonly [string, string])[] = [
    ['Ctrl K', t.palette], ['?', t.list], ['u', t.utc], ['/', t.filter], ['j k', t.rows], ['[ ]', t.symbol], ['{ }', t.strategy], ['1 – 6', t.timeframe],
    ...pages.map((page) => [`g ${page.key}`, page.title[language === 'fr' ? 1 : 0]] as const),
  ];
  return (
    <Dialog title={t.title} onClose={onClose}>
      <dl className={css['keys']}>
        {all.map(([keys, name]) => [<dt key={keys}><kbd>{keys}</kbd></dt>, <dd key={`${keys} means`}>{name}</dd>])}
      </dl>
      <Choice label={t.single} value={singleKeys ? 'on' : 'off'} options={[['on', `${t.single}: ${t.on}`], ['off', t.off]]} onChange={(next) => choose({ singleKeys: next === 'on' })} />
    </Dialog>
  );
}
