/** The deeds that the frame and Positions offer: halting, reducing, closing, and ending these. */
import type { Schemas } from '../api/types';
import { command } from '../api/client';
import { connection } from '../live/hooks';
import { money, plain, price, quantity } from '../format/numbers';
import { fill, speak, texts } from '../text/language';
import { settings } from '../text/settings';
import type { Deed } from './Confirm';

const words = texts({
  haltTitle: ['Halt {what}', 'Arrêter {what}'],
  ended: ['It ends by itself when the last position there has closed, or when a human resumes.', 'Prend fin d’elle-même quand la dernière position y est fermée, ou par une reprise humaine.'],
  haltDeed: ['Halt trading', 'Arrêter'],
  haltKeep: ['Keep trading', 'Continuer'],
  reduceTitle: ['Reduce {what}: exits only', 'Réduire {what} : sorties seulement'],
  reduceDeed: ['Withdraw entries', 'Retirer les entrées'],
  entries: ['{n} resting entries are withdrawn, and no new ones are placed.', '{n} entrées en attente sont retirées, aucune nouvelle n’est placée.'],
  entry: ['1 resting entry is withdrawn, and no new ones are placed.', '1 entrée en attente est retirée, aucune nouvelle n’est placée.'],
  keepOne: ['1 open position keeps its stop and its target; it is not closed.', '1 position ouverte garde stop et objectif ; elle n’est pas fermée.'],
  keep: ['{n} open positions keep their stop and their target; none is closed.', '{n} positions ouvertes gardent stop et objectif ; aucune n’est fermée.'],
  human: ['Only a human ends it.', 'Seul un humain y met fin.'],
  resumeTitle: ['Resume {what}', 'Reprendre {what}'],
  everything: ['all trading', 'tout le trading'],
  resumeDeed: ['Resume', 'Reprendre'],
  resumeKeep: ['Stay halted', 'Rester arrêté'],
  tripped: ['Halted because: {reason}', 'Arrêté parce que : {reason}'],
  mayPlace: ['{n} entries of plans in force may be placed at once.', '{n} entrées de plans en vigueur peuvent être placées aussitôt.'],
  stays: ['Still forbids entries: {reason}', 'Interdit toujours les entrées : {reason}'],
  noStop: ['Without a stop at this moment: {symbols}', 'Sans stop en ce moment : {symbols}'],
  resetTitle: ['Reset {what}', 'Réarmer {what}'],
  resetDeed: ['Reset', 'Réarmer'],
  resetKeep: ['Leave it tripped', 'Laisser déclenché'],
  anew: ['What it watches begins anew from what there is now.', 'Ce qu’il surveille repart de l’état présent.'],
  closeTitle: ['Close {what} at market', 'Fermer {what} au marché'],
  closeDeed: ['Close at market', 'Fermer au marché'],
  closeKeep: ['Keep it open', 'Garder ouverte'],
  leaves: ['{side} {quantity} leaves at market, at about {price}.', '{side} {quantity} sort au marché, à environ {price}.'],
  costs: ['That costs about {fee} USDT in fees and {slippage} USDT in slippage.', 'Cela coûte environ {fee} USDT de frais et {slippage} USDT de glissement.'],
  result: ['The cycle would end with {net} USDT, net of everything.', 'Le cycle finirait à {net} USDT, net de tout.'],
  noResult: ['Its net result is not known: not all fills of this cycle were seen.', 'Son résultat net est inconnu : toutes les exécutions de ce cycle n’ont pas été vues.'],
  staysOut: ['Nothing opens on {what} again until a human resumes.', 'Plus rien ne s’ouvre sur {what} avant une reprise humaine.'],
  isHalted: ['Read back: halted.', 'Relu : arrêté.'],
  isFlat: ['Read back: nothing is open.', 'Relu : rien n’est ouvert.'],
  stillOpen: ['Read back: still open.', 'Relu : encore ouverte.'],
  notHalted: ['Read back: not halted.', 'Relu : pas arrêté.'],
});

type Halt = Schemas['HaltInForce'];

const halts = (): readonly Halt[] => (connection.store.value('status', 'now') as Schemas['Status'] | undefined)?.halts ?? [];

const readBack = (symbol: string) => () => {
  const t = speak(words, settings().language);
  return halts().some((halt) => halt.symbol === symbol) ? t.isHalted : t.notHalted;
};

/** Whether the exchange still shows a position of that symbol. */
const isGone = (symbol: string) => () => {
  const t = speak(words, settings().language);
  const open = connection.store.topic('positions').values() as Iterable<Schemas['Position']>;
  return [...open].some((one) => one.symbol === symbol && one.scope === 'live') ? t.stillOpen : t.isFlat;
};

const sent = { reason: 'from the dashboard' };

/** What leaving at market would bring, as the server expects it. */
function leaving(closing: NonNullable<Schemas['Consequences']['closing']>, symbol: string): string[] {
  const t = speak(words, settings().language);
  const rules = connection.store.value('rules', symbol) as { tick: number; step: number } | undefined;
  return [
    fill(t.leaves, { side: closing.direction > 0 ? 'LONG' : 'SHORT', quantity: quantity(closing.quantity, rules?.step), price: price(closing.price, rules?.tick) }),
    fill(t.costs, { fee: plain(closing.fee), slippage: plain(closing.slippage) }),
    closing.net === null ? t.noResult : fill(t.result, { net: money(closing.net) }),
  ];
}

/** The server counts what the command would do; the confirmation does exactly that, once. */
const prepare = (kind: Schemas['CommandAsked']['kind'], symbol: string, ending: string, tripped = '') => async () => {
  const told = (await command('POST', '/api/commands/prepare', { kind, symbol, ...sent, ...(tripped && { switch: tripped }) })) as Schemas['Prepared'];
  const t = speak(words, settings().language);
  const { facts } = told;
  const consequences = kind === 'resume' || kind === 'reset'
    ? [...(ending ? [ending] : []), ...facts.ends.map((one) => fill(t.tripped, { reason: one.reason || one.code })), fill(t.mayPlace, { n: facts.entries_placed }), ...facts.stays.map((one) => fill(t.stays, { reason: one.reason || one.code }))]
    : [facts.entries_withdrawn === 1 ? t.entry : fill(t.entries, { n: facts.entries_withdrawn }), ...(facts.closing ? leaving(facts.closing, symbol) : [facts.positions_kept === 1 ? t.keepOne : fill(t.keep, { n: facts.positions_kept })]), ending];
  if (facts.without_stop.length) consequences.push(fill(t.noStop, { symbols: facts.without_stop.join(', ') }));
  return {
    consequences,
    send: async () => ((await command('POST', `/api/commands/${told.token}/confirm`)) as { outcome: 'accepted' | 'unknown' }).outcome,
  };
};

const curl = (path: string, symbol: string): string =>
  `curl -X POST -H "X-API-Key: …" -H "Content-Type: application/json" -d '{"symbol":"${symbol}"}' ${location.origin}${path}`;

/** Entries withdrawn, exits go on; only a human ends it. Of one symbol, or of everything (''). */
export function haltDeed(symbol: string): Deed {
  const t = speak(words, settings().language);
  return {
    title: fill(t.haltTitle, { what: symbol || t.everything }), deed: t.haltDeed, keep: t.haltKeep, word: 'HALT',
    prepare: prepare('halt', symbol, t.human), cli: curl('/api/halt', symbol), verified: readBack(symbol),
  };
}

/** Entries withdrawn, exits go on, until what is open there has closed. */
export function reduceDeed(symbol: string): Deed {
  const t = speak(words, settings().language);
  return {
    title: fill(t.reduceTitle, { what: symbol || t.everything }), deed: t.reduceDeed, keep: t.haltKeep, word: 'REDUCE',
    prepare: prepare('reduce', symbol, t.ended), cli: curl('/api/reduce', symbol),
  };
}

/** A position leaves at market; its symbol stays halted. */
export function closeDeed(symbol: string): Deed {
  const t = speak(words, settings().language);
  return {
    title: fill(t.closeTitle, { what: symbol }), deed: t.closeDeed, keep: t.closeKeep, word: 'CLOSE', holdMs: 1500,
    prepare: prepare('close', symbol, fill(t.staysOut, { what: symbol })), cli: curl('/api/close', symbol), verified: isGone(symbol),
  };
}

/** A human ends a halt. */
export function resumeDeed(symbol: string): Deed {
  const t = speak(words, settings().language);
  return {
    title: fill(t.resumeTitle, { what: symbol || t.everything }),
    deed: t.resumeDeed,
    keep: t.resumeKeep,
    prepare: prepare('resume', symbol, ''),
    word: 'RESUME',
    raises: true,
    cli: curl('/api/resume', symbol),
    verified: readBack(symbol),
  };
}

/** A human resets a kill switch that has tripped. */
export function resetDeed(tripped: string): Deed {
  const t = speak(words, settings().language);
  return {
    title: fill(t.resetTitle, { what: tripped }), deed: t.resetDeed, keep: t.resetKeep, word: 'RESET', raises: true, prepare: prepare('reset', '', t.anew, tripped),
    cli: `curl -X POST -H "X-API-Key: …" -H "Content-Type: application/json" -d '{"switch":"${tripped}"}' ${location.origin}/api/risk/reset`,
  };
}
