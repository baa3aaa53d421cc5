/** The small parts that every page is made of. */
import { useId, useRef, type ReactNode } from 'react';
import { Link } from 'wouter';
import { Refusal } from '../api/client';
import { age, ago, utc } from '../format/time';
import { change, money, tone as toneOf, type Tone } from '../format/numbers';
import { texts, useTexts } from '../text/language';
import { useSettings, useZone } from '../text/settings';
import { TERMS, type TermKey } from '../glossary/terms';
import { Icon } from './Icon';
import css from './parts.module.css';

const words = texts({
  retry: ['Retry', 'Réessayer'],
  more: ['all', 'tout'],
  long: ['LONG', 'LONG'],
  short: ['SHORT', 'SHORT'],
});

/** A panel with a title; `stale` marks figures that may not be true any more. */
export function Card({ title, to, aside, stale, flush, className, children }: {
  title?: ReactNode; to?: string; aside?: ReactNode; stale?: boolean | undefined; flush?: boolean; className?: string | undefined; children: ReactNode;
}) {
  const t = useTexts(words);
  const id = useId();
  return (
    <section className={[css['card'], stale ? css['stale'] : '', className ?? ''].join(' ')} aria-labelledby={title ? id : undefined}>
      {(title ?? aside) && (
        <div className={css['head']}>
          {title && <h2 id={id}>{title}</h2>}
          {aside}
          {to && <Link to={to}>{t.more} ›</Link>}
        </div>
      )}
      <div className={[css['body'], flush ? css['flush'] : ''].join(' ')}>{children}</div>
    </section>
  );
}

export type BadgeTone = 'normal' | 'plain' | 'warn' | 'danger' | 'filled' | 'dashed';

/** A word that stands out: normal state has no colour, only what wants a look. */
export const Badge = ({ tone = 'normal', icon, children, title }: { tone?: BadgeTone; icon?: string; children: ReactNode; title?: string }) => (
  <span className={css['badge']} data-tone={tone} title={title}>
    {icon && <Icon name={icon} size={12} />}
    {children}
  </span>
);

const ARROW: Record<Tone, string> = { up: '▲', down: '▼', flat: '' };

/** A result with its side said by colour, sign and arrow. `of` is what ±0.05 % of counts as nothing. */
export function Result({ value, of, text, bare }: { value: number | null | undefined; of?: number | null | undefined; text?: string; bare?: boolean }) {
  const side = toneOf(value, of);
  return (
    <span className={css[side]}>
      {!bare && ARROW[side] && <span className={css['arrow']} aria-hidden="true">{ARROW[side]}</span>}
      {text ?? money(value)}
    </span>
  );
}

/** A change as percent, as a result. */
export const Change = ({ fraction, decimals = 2 }: { fraction: number | null | undefined; decimals?: number }) => (
  <Result value={fraction} of={1} text={change(fraction, decimals)} />
);

/** USDT and the like, small. */
export const Unit = ({ children }: { children: ReactNode }) => <span className={css['unit']}>{children}</span>;

/** LONG or SHORT, neutral. */
export function Side({ direction }: { direction: number }) {
  const t = useTexts(words);
  return <span className={css['side']}>{direction > 0 ? t.long : direction < 0 ? t.short : '–'}</span>;
}

/** Why there is nothing, and what comes next. */
export const Empty = ({ why, next }: { why: ReactNode; next?: ReactNode }) => (
  <div className={css['empty']}>
    <p>{why}</p>
    {next && <p>{next}</p>}
  </div>
);

/** What went wrong with one panel. */
export function ProblemView({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useTexts(words);
  const told = error instanceof Refusal ? error : new Refusal(0, 'Error', error instanceof Error ? error.message : String(error), location.pathname);
  return (
    <div className={css['problem']} role="alert">
      <b>{told.title}</b>
      {told.detail && <p>{told.detail}</p>}
      {told.errors.map((one, i) => <p key={i}>{one['where']}: {one['message']}</p>)}
      <code>{told.status > 0 ? `${told.status} ` : ''}{told.instance}</code>
      {retry && <div><Button onClick={retry}>{t.retry}</Button></div>}
    </div>
  );
}

/** Empty lines of the final size; shown after 150 ms only. */
export const Skeleton = ({ lines = 3 }: { lines?: number }) => (
  <div className={css['skeleton']} aria-hidden="true">
    {Array.from({ length: lines }, (_, i) => <span key={i} />)}
  </div>
);

/** The answer of `useGet` once it is there, else skeleton or problem. */
export function Loaded<T>({ from, lines, children }: {
  from: { data: T | undefined; error: unknown; refetch: () => unknown }; lines?: number; children: (data: T) => ReactNode;
}) {
  if (from.data !== undefined) return <>{children(from.data)}</>;
  if (from.error) return <ProblemView error={from.error} retry={() => void from.refetch()} />;
  return <Skeleton {...(lines ? { lines } : {})} />;
}

export function Button({ kind = 'normal', small, children, ...rest }: {
  kind?: 'normal' | 'danger' | 'bare'; small?: boolean; children: ReactNode;
} & Omit<React.ButtonHTMLAttributes<HTMLButtonElement>, 'className'>) {
  return (
    <button type="button" {...rest} className={css['button']} data-kind={kind} data-small={small ?? undefined}>
      {children}
    </button>
  );
}

/** One of a few, side by side. */
export function Choice<T extends string>({ label, value, options, onChange }: {
  label: string; value: T; options: readonly (readonly [value: T, text: ReactNode])[]; onChange: (value: T) => void;
}) {
  return (
    <div className={css['choice']} role="group" aria-label={label}>
      {options.map(([one, text]) => (
        <button key={one} type="button" aria-pressed={one === value} onClick={() => onChange(one)}>{text}</button>
      ))}
    </div>
  );
}

/** One of many. */
export function Select<T extends string>({ label, value, options, onChange }: {
  label: string; value: T; options: readonly (readonly [value: T, text: string])[]; onChange: (value: T) => void;
}) {
  return (
    <select className={css['select']} aria-label={label} value={value} onChange={(event) => onChange(event.target.value as T)}>
      {options.map(([one, text]) => <option key={one} value={one}>{text}</option>)}
    </select>
  );
}

/** A term of the glossary: dotted underline, opened by hover, focus or tap. */
export function Term({ of, children }: { of: TermKey; children?: ReactNode }) {
  const { language } = useSettings();
  const id = useId();
  const bubble = useRef<HTMLSpanElement>(null);
  const anchor = useRef<HTMLButtonElement>(null);
  const term = TERMS[of];
  const [name, meaning] = language === 'fr' ? term.fr : term.en;
  const open = () => {
    const at = anchor.current?.getBoundingClientRect();
    if (!at || !bubble.current) return;
    bubble.current.showPopover();
    const size = bubble.current.getBoundingClientRect();
    const below = at.bottom + 6 + size.height < innerHeight;
    bubble.current.style.left = `${Math.max(12, Math.min(at.left, innerWidth - size.width - 12))}px`;
    bubble.current.style.top = `${below ? at.bottom + 6 : Math.max(12, at.top - size.height - 6)}px`;
  };
  const close = () => bubble.current?.matches(':popover-open') && bubble.current.hidePopover();
  return (
    <>
      <button
        ref={anchor} type="button" className={css['term']} aria-describedby={id}
        onPointerEnter={open} onPointerLeave={close} onFocus={open} onBlur={close} onClick={open}
      >
        {children ?? name}
      </button>
      <span ref={bubble} id={id} popover="manual" role="tooltip" className={css['bubble']}>
        <b>{name}</b>
        {meaning}
      </span>
    </>
  );
}

/** How much of a limit is used; the tone changes before it is reached. */
export function Bar({ used, limit, label }: { used: number; limit: number; label: string }) {
  const share = limit > 0 ? Math.min(1, Math.max(0, used / limit)) : 0;
  const tone = share >= 0.9 ? 'danger' : share >= 0.7 ? 'warn' : 'normal';
  return (
    <span className={css['bar']} data-tone={tone} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={limit} aria-valuenow={used}>
      <i style={{ width: `${share * 100}%` }} />
    </span>
  );
}

/** Pairs of a word and its figure. */
export const Facts = ({ of }: { of: readonly (readonly [name: ReactNode, value: ReactNode])[] }) => (
  <dl className={css['facts']}>
    {of.map(([name, value], i) => [<dt key={`t${i}`}>{name}</dt>, <dd key={`d${i}`}>{value}</dd>])}
  </dl>
);

/** A time, relative when it is recent, with UTC on hover. */
export function When({ ms, now }: { ms: number | null | undefined; now?: number | undefined }) {
  const zone = useZone();
  return <time title={utc(ms)} dateTime={ms ? new Date(ms).toISOString() : undefined}>{ago(ms, now ?? Number.NaN, zone)}</time>;
}

/** How old something is; a clock appears when it lags, hatching when it is stale. */
export const Age = ({ seconds, lagging, stale }: { seconds: number | null | undefined; lagging: number; stale: number }) => {
  const state = seconds === null || seconds === undefined || seconds > stale ? 'stale' : seconds > lagging ? 'lagging' : 'fresh';
  return (
    <span className={state === 'fresh' ? css['flat'] : undefined}>
      {state !== 'fresh' && <Icon name="clock" size={12} label={state} />} {age(seconds)}
    </span>
  );
};

/** BTC of BTC-USDT. */
export const baseOf = (symbol: string): string => symbol.split('-')[0] ?? symbol;
