/** The WebSocket: subscriptions counted by topic, reconnection with growing waits, age on the server's clock.
 *
 * Law: without a heartbeat for six seconds nothing counts as known, whatever the last word was.
 */
import { Store, type Push } from './store';

export const SILENCE_MS = 6_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const FAST = 4;
const HIDDEN = 1;

export type Heartbeat = {
  type: 'heartbeat';
  sent_ms: number;
  server_ms: number;
  exchange_ms: number;
  status: string;
  /** Of each symbol's candles, seconds when the heartbeat was sent. */
  ages_s: Record<string, number | null>;
  /** Of each position as read back from the exchange. */
  readings_s: Record<string, number | null>;
};

export type Link = {
  /** 'live': heartbeats come. 'connecting': never one so far. 'lost': they stopped. */
  state: 'connecting' | 'live' | 'lost';
  tries: number;
  /** `performance.now()` of the next try; 0 while one is under way. */
  nextTry: number;
  beat: Heartbeat | undefined;
  /** `performance.now()` when the heartbeat came. */
  beatAt: number;
};

/** How long to wait before the given try: doubling to 30 s, shortened at random by up to half. */
export const waitBefore = (tries: number, random: () => number = Math.random): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (1 - random() / 2);

export class Connection {
  readonly store: Store;
  link: Link = { state: 'connecting', tries: 0, nextTry: 0, beat: undefined, beatAt: 0 };
  private socket: WebSocket | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened = 0;
  private readonly wanted = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private telling = false;

  constructor(private readonly url: string) {
    this.store = new Store(
      (apply) => (document.hidden ? setTimeout(apply, 250) : requestAnimationFrame(apply)),
      (topic) => this.send({ op: 'snapshot', topic }),
    );
  }

  /** Connect and stay connected. */
  start(): void {
    this.open();
    setInterval(() => this.look(), 500);
    window.addEventListener('online', () => this.now());
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.tell();
      else {
        this.now();
        this.tell();
      }
    });
  }

  /** Try again at once where there is no connection. */
  now(): void {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN && this.link.state !== 'lost') return;
    this.open();
  }

  /** Ask for topics until the returned function is called. */
  want(topics: readonly string[]): () => void {
    for (const topic of topics) this.wanted.set(topic, (this.wanted.get(topic) ?? 0) + 1);
    this.tellSoon();
    return () => {
      for (const topic of topics) {
        const left = (this.wanted.get(topic) ?? 1) - 1;
        if (left > 0) this.wanted.set(topic, left);
        else this.wanted.delete(topic);
      }
      this.tellSoon();
    };
  }

  /** `listener` is called when the link changed, and with every heartbeat. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The server's wall clock now (UTC ms), whatever this machine's says; undefined before the first heartbeat. */
  serverNow(): number | undefined {
    const { beat, beatAt } = this.link;
    return beat && beat.server_ms + (performance.now() - beatAt);
  }

  /** Seconds since the heartbeat: what must be added to every age that it told. */
  sinceBeat(): number {
    return this.link.beat ? (performance.now() - this.link.beatAt) / 1000 : 0;
  }

  private open(): void {
    clearTimeout(this.timer);
    this.socket?.close();
    this.opened = performance.now();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.put({ nextTry: 0 });
    socket.onopen = () => this.tell();
    socket.onmessage = (event: MessageEvent<string>) => {
      if (socket !== this.socket) return;
      for (const message of JSON.parse(event.data) as (Push | Heartbeat | { type: 'error' })[]) this.take(message);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.closed();
    };
  }

  private closed(): void {
    this.store.disconnected();
    const wait = waitBefore(this.link.tries);
    this.timer = setTimeout(() => this.open(), wait);
    this.put({ tries: this.link.tries + 1, nextTry: performance.now() + wait });
  }

  private take(message: Push | Heartbeat | { type: 'error' }): void {
    if (message.type === 'heartbeat') this.put({ state: 'live', tries: 0, nextTry: 0, beat: message, beatAt: performance.now() });
    else if (message.type !== 'error') this.store.take(message);
  }

  /** Notice silence, also of a connection that seems open. */
  private look(): void {
    const silent = performance.now() - Math.max(this.link.beatAt, this.opened) > SILENCE_MS;
    if (this.link.state === 'live' && performance.now() - this.link.beatAt > SILENCE_MS) this.put({ state: 'lost' });
    if (this.link.state === 'connecting' && performance.now() > SILENCE_MS) this.put({ state: 'lost' });
    if (silent && this.socket && this.socket.readyState <= WebSocket.OPEN) this.socket.close();
  }

  private tellSoon(): void {
    if (this.telling) return;
    this.telling = true;
    queueMicrotask(() => {
      this.telling = false;
      this.tell();
    });
  }

  private tell(): void {
    this.send({ op: 'subscribe', topics: [...this.wanted.keys()], max_per_s: document.hidden ? HIDDEN : FAST });
  }

  private send(wish: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(wish));
  }

  private put(changed: Partial<Link>): void {
    this.link = { ...this.link, ...changed };
    for (const listener of this.listeners) listener();
  }
}
