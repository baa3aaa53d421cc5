/** The present as the server pushed it, outside React: topics of keyed values, told to those who listen to a field.
 *
 * Laws: messages are gathered and applied once per frame; a snapshot replaces its topic; a hole in `seq` asks for a
 * snapshot of that topic and changes nothing until it comes; an unchanged value keeps its identity.
 */

export type Value = unknown;
export type TopicData = ReadonlyMap<string, Value>;

export type Push =
  | { type: 'snapshot'; topic: string; seq: number; ts_ms: number; sent_ms: number; data: Record<string, Value> }
  | { type: 'change'; topic: string; seq: number; ts_ms: number; sent_ms: number; set: Record<string, Value>; gone: string[] };

type Topic = { seq: number; data: Map<string, Value>; version: number; asked: boolean; snapshots: number };

const EMPTY: TopicData = new Map();

export class Store {
  private readonly topics = new Map<string, Topic>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private waiting: Push[] = [];
  private scheduled = false;

  /** `schedule` calls back once when it is time to paint; `again` asks the server for a snapshot of a topic. */
  constructor(
    private readonly schedule: (apply: () => void) => void,
    private readonly again: (topic: string) => void,
  ) {}

  /** Take a push in; it is shown with the next frame. */
  take(push: Push): void {
    this.waiting.push(push);
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => this.apply());
  }

  /** All values of a topic; the same object until something in it changed. */
  topic(name: string): TopicData {
    return this.topics.get(name)?.data ?? EMPTY;
  }

  /** One value; undefined when it is not there. */
  value(name: string, key: string): Value {
    return this.topics.get(name)?.data.get(key);
  }

  /** Whether a snapshot of the topic has come. */
  known(name: string): boolean {
    return this.topics.has(name);
  }

  /** Grows with every snapshot of the topic: what was gathered from changes before it may have a hole. */
  snapshots(name: string): number {
    return this.topics.get(name)?.snapshots ?? 0;
  }

  /** `listener` is called after a frame in which the value (or with key '' anything of the topic) changed. */
  listen(name: string, key: string, listener: () => void): () => void {
    const at = `${name}\n${key}`;
    const found = this.listeners.get(at) ?? new Set();
    found.add(listener);
    this.listeners.set(at, found);
    return () => {
      found.delete(listener);
      if (!found.size) this.listeners.delete(at);
    };
  }

  /** Sequences begin anew with every connection; values stay, so that old figures can be shown as old. */
  disconnected(): void {
    this.waiting = [];
    for (const topic of this.topics.values()) topic.seq = 0;
  }

  private apply(): void {
    this.scheduled = false;
    const pushes = this.waiting;
    this.waiting = [];
    const changed = new Set<string>();
    for (const push of pushes) {
      if (push.type === 'snapshot') this.replace(push, changed);
      else this.change(push, changed);
    }
    const called = new Set<() => void>();
    for (const at of changed) for (const listener of this.listeners.get(at) ?? []) called.add(listener);
    for (const listener of called) listener();
  }

  private replace(push: Extract<Push, { type: 'snapshot' }>, changed: Set<string>): void {
    const old = this.topics.get(push.topic);
    const data = new Map<string, Value>();
    let same = old !== undefined;
    for (const [key, value] of Object.entries(push.data)) {
      const before = old?.data.get(key);
      const kept = before !== undefined && equal(before, value);
      data.set(key, kept ? before : value);
      if (!kept) changed.add(`${push.topic}\n${key}`);
      same &&= kept;
    }
    for (const key of old?.data.keys() ?? []) {
      if (!data.has(key)) {
        changed.add(`${push.topic}\n${key}`);
        same = false;
      }
    }
    const snapshots = (old?.snapshots ?? 0) + 1;
    this.topics.set(push.topic, {
      seq: push.seq, data: same && old ? old.data : data, version: (old?.version ?? 0) + 1, asked: false, snapshots,
    });
    changed.add(`${push.topic}\n`);
  }

  private change(push: Extract<Push, { type: 'change' }>, changed: Set<string>): void {
    const topic = this.topics.get(push.topic);
    if (topic === undefined || push.seq !== topic.seq + 1) {
      if (topic !== undefined && topic.seq > 0 && push.seq <= topic.seq) return; // seen already
      if (!topic?.asked) this.again(push.topic);
      if (topic) topic.asked = true;
      return;
    }
    topic.seq = push.seq;
    const data = new Map(topic.data);
    for (const [key, value] of Object.entries(push.set)) {
      data.set(key, value);
      changed.add(`${push.topic}\n${key}`);
    }
    for (const key of push.gone) {
      if (data.delete(key)) changed.add(`${push.topic}\n${key}`);
    }
    topic.data = data;
    topic.version += 1;
    changed.add(`${push.topic}\n`);
  }
}

/** Whether two JSON values are the same. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  if (left.length !== Object.keys(b).length) return false;
  return left.every(([key, value]) => key in b && equal(value, (b as Record<string, Value>)[key]));
}
