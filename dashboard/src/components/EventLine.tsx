/** One event as a line: time, a mark by its weight, what happened. */
import type { Event } from '../api/types';
import { money } from '../format/numbers';
import { utc } from '../format/time';
import { clockSeconds } from '../format/time';
import { useZone } from '../text/settings';
import { Icon } from './Icon';
import css from './EventLine.module.css';

export type Weight = 'info' | 'warning' | 'critical';

/** How much an event matters, as the server says. */
export const weightOf = (event: Event): Weight => event.severity;

const told = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

/** What happened, in one sentence. */
export function sentence(event: Event): string {
  const { payload, kind } = event;
  const words = kind.replaceAll('_', ' ');
  switch (kind) {
    case 'command_given':
      return `${told(payload['kind'])} ${told(payload['symbol']) || 'everything'}: ${told(payload['outcome'])}`;
    case 'alert_raised':
      return `${told(payload['kind']).replaceAll('_', ' ')}: ${told(payload['detail'])}`;
    case 'target_refused':
      return `refused, ${told(payload['code']).replaceAll('_', ' ')}: ${told(payload['detail'])}`;
    case 'position_guarded':
      return `position closed, ${Number(payload['unprotected_ms']) > 0 ? `without a stop for ${(Number(payload['unprotected_ms']) / 1000).toFixed(1)} s` : 'its stop stood all the time'}`;
    case 'position_settled':
      return `settled by the exchange, net ${money(Number(payload['net']))} USDT`;
    case 'position_unprotected':
      return `position without a stop for ${(Number(payload['unprotected_ms']) / 1000).toFixed(1)} s`;
    case 'trade_compared':
      return `live beside paper, ${told(payload['match'])}: ${told(payload['detail'])}`;
    case 'account_checked':
      return `account looked at by ${told(payload['source'])}: ${payload['passed'] ? 'passed' : 'refused'}`;
    case 'selection_changed':
      return payload['may_open'] ? 'may open positions' : 'may not open positions';
    case 'trading_halted':
      return `halted: ${told(payload['reason'])}`;
    default:
      return told(payload['detail']) || told(payload['reason']) ? `${words}: ${told(payload['detail']) || told(payload['reason'])}` : words;
  }
}

const ICON: Record<Weight, string> = { info: 'now', warning: 'warn', critical: 'cross' };

export function EventLine({ event }: { event: Event }) {
  const zone = useZone();
  const weight = weightOf(event);
  return (
    <li className={css['event']} data-weight={weight}>
      <time title={utc(event.ts_ms)}>{clockSeconds(event.ts_ms, zone)}</time>
      <span className={css['mark']}>{weight !== 'info' && <Icon name={ICON[weight]} size={13} label={weight} />}</span>
      <span className={css['text']}>
        {event.symbol && <b>{event.symbol} </b>}{sentence(event)}{event.strategy && <small> {event.strategy}</small>}
      </span>
    </li>
  );
}
