/** Returns by month as a table with the number in every cell, and by regime of the reference market. */
import type { Schemas } from '../../api/types';
import { Change, Empty } from '../../components/parts';
import { usePhone } from '../../components/Table';
import { money, signed } from '../../format/numbers';
import { fill, useTexts } from '../../text/language';
import { useSettings } from '../../text/settings';
import { cell } from './ramp';
import { REGIMES, words } from './texts';
import css from './Equity.module.css';

const TWELVE = Array.from({ length: 12 }, (_, i) => i);

const short = (fraction: number): string => signed(fraction * 100, Math.abs(fraction) < 0.1 ? 1 : 0);

export function Months({ of }: { of: Schemas['Monthly'] }) {
  const t = useTexts(words);
  const { language } = useSettings();
  const phone = usePhone();
  const name = (month: number) => new Intl.DateTimeFormat(language, { month: 'short', timeZone: 'UTC' }).format(Date.UTC(2024, month, 15));
  if (!of.years.length) return <Empty why={t.noMonths} next={t.noneNext} />;
  if (phone) {
    return (
      <ul className={css['list']}>
        {of.years.flatMap((year) => [
          <li key={year.year}><b>{year.year}</b> <b><Change fraction={year.total} /></b></li>,
          ...TWELVE.filter((month) => year.months[month] !== null).reverse().map((month) => (
            <li key={`${year.year} ${month}`}><span>{name(month)}</span> <Change fraction={year.months[month]} /></li>
          )),
        ])}
      </ul>
    );
  }
  return (
    <div className={css['wide']} tabIndex={0} role="region" aria-label={t.months}>
      <table className={css['grid']} aria-label={`${t.months}, %`}>
        <thead><tr><th>%</th>{TWELVE.map((month) => <th key={month} scope="col">{name(month)}</th>)}<th scope="col">{t.total_year}</th></tr></thead>
        <tbody>
          {of.years.map((year) => (
            <tr key={year.year}>
              <th scope="row">{year.year}</th>
              {TWELVE.map((month) => {
                const value = year.months[month] ?? null;
                return value === null ? <td key={month} data-none>·</td> : <td key={month} style={cell(value)}>{short(value)}</td>;
              })}
              <td style={cell(year.total)}><b>{short(year.total)}</b></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Regimes({ of }: { of: Schemas['Monthly'] }) {
  const t = useTexts(words);
  const names = useTexts(REGIMES);
  if (!of.regimes.length) return <Empty why={t.noRegimes} />;
  const largest = Math.max(...of.regimes.map((part) => Math.abs(part.net_return)), 1e-9);
  return (
    <ul className={css['parts']}>
      {of.regimes.map((part) => (
        <li key={part.regime}>
          <span>{names[part.regime]}</span>
          <span>{fill(t.days, { n: part.days })}</span>
          <div data-side={part.net_return < 0 ? 'down' : 'up'} aria-hidden="true"><i style={{ width: `${(Math.abs(part.net_return) / largest) * 50}%` }} /></div>
          <Change fraction={part.net_return} />
          <span>{money(part.net)}</span>
        </li>
      ))}
    </ul>
  );
}
