import { describe, expect, test } from 'vitest';
import { Store, type Push } from './store';

function rig() {
  const asked: string[] = [];
  let frame: (() => void) | undefined;
  const store = new Store((apply) => (frame = apply), (topic) => asked.push(topic));
  return {
    store,
    asked,
    paint: () => {
      const apply = frame;
      frame = undefined;
      apply?.();
    },
  };
}

const snapshot = (data: Record<string, unknown>, seq = 1): Push => ({ type: 'snapshot', topic: 'prices', seq, ts_ms: 0, sent_ms: 0, data });
const change = (seq: number, set: Record<string, unknown>, gone: string[] = []): Push => ({ type: 'change', topic: 'prices', seq, ts_ms: 0, sent_ms: 0, set, gone });

describe('the live store', () => {
  test('nothing is shown before the frame, everything of it at once', () => {
    const { store, paint } = rig();
    let calls = 0;
    store.listen('prices', '', () => (calls += 1));
    store.take(snapshot({ BTC: 1, ETH: 2 }));
    store.take(change(2, { BTC: 3 }));
    expect(store.value('prices', 'BTC')).toBeUndefined();
    paint();
    expect([...store.topic('prices')]).toEqual([['BTC', 3], ['ETH', 2]]);
    expect(calls).toBe(1);
  });

  test('who listens to one field hears of that field only', () => {
    const { store, paint } = rig();
    const heard: string[] = [];
    store.listen('prices', 'BTC', () => heard.push('BTC'));
    store.listen('prices', 'ETH', () => heard.push('ETH'));
    store.take(snapshot({ BTC: 1, ETH: 2 }));
    paint();
    store.take(change(2, { ETH: 5 }));
    paint();
    expect(heard).toEqual(['BTC', 'ETH', 'ETH']);
  });

  test('a hole in the sequence asks once for a snapshot and changes nothing until it comes', () => {
    const { store, asked, paint } = rig();
    store.take(snapshot({ BTC: 1 }));
    store.take(change(3, { BTC: 9 }));
    store.take(change(4, { BTC: 10 }));
    paint();
    expect(store.value('prices', 'BTC')).toBe(1);
    expect(asked).toEqual(['prices']);
    store.take(snapshot({ BTC: 11 }, 1));
    store.take(change(2, { BTC: 12 }));
    paint();
    expect(store.value('prices', 'BTC')).toBe(12);
    expect(store.snapshots('prices')).toBe(2);
  });

  test('a snapshot forgets what is gone and keeps what is the same', () => {
    const { store, paint } = rig();
    const same = { last: 1, bids: [1, 2] };
    store.take(snapshot({ BTC: same, ETH: 2 }));
    paint();
    store.take(snapshot({ BTC: { last: 1, bids: [1, 2] } }));
    paint();
    expect(store.value('prices', 'BTC')).toBe(same);
    expect(store.topic('prices').has('ETH')).toBe(false);
  });

  test('after a disconnection old values stay until the snapshot of the new connection', () => {
    const { store, paint } = rig();
    store.take(snapshot({ BTC: 1 }));
    paint();
    store.disconnected();
    expect(store.value('prices', 'BTC')).toBe(1);
    store.take(snapshot({ BTC: 2 }, 1));
    paint();
    expect(store.value('prices', 'BTC')).toBe(2);
  });

  test('what is gone is told to who listened to it', () => {
    const { store, paint } = rig();
    let told = 0;
    store.take(snapshot({ BTC: 1 }));
    paint();
    store.listen('prices', 'BTC', () => (told += 1));
    store.take(change(2, {}, ['BTC']));
    paint();
    expect([told, store.value('prices', 'BTC')]).toEqual([1, undefined]);
  });
});
