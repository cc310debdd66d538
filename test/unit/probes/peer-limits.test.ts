import { describe, expect, it } from 'vitest';
import { Places, RateLimit, subscriberOf } from '../../../probes/peer/limits.ts';

describe('Places', () => {
  it('gives half to one subscriber, and the rest to others', () => {
    const places = new Places(4);
    const taken = ['a', 'a', 'a', 'b', 'c', 'd'].map((name) => places.take(name));
    expect(taken.map(Boolean)).toEqual([true, true, false, true, true, false]);
  });

  it('has a place again when it was given back, and only once', () => {
    const places = new Places(1);
    const leave = places.take('a');
    expect(places.take('a')).toBeUndefined();
    leave?.();
    leave?.();
    expect(places.take('b')).toBeDefined();
    expect(places.take('c')).toBeUndefined();
  });

  it('takes all addresses of one line’s /64 for one', () => {
    const places = new Places(4);
    const taken = ['2001:db8::1', '2001:db8::2', '2001:db8::3'].map((from) => places.take(from));
    expect(taken.map(Boolean)).toEqual([true, true, false]);
    expect(subscriberOf('2001:db8:0:0:1::')).toBe(subscriberOf('2001:db8::9'));
  });

  it('has none where there are none', () => expect(new Places(0).take('a')).toBeUndefined());
});

describe('RateLimit', () => {
  it('fills again with time, for each subscriber', () => {
    const limit = new RateLimit(2, 1_000);
    const take = (atMs: number, from = 'a') => limit.take(from, atMs);
    expect([take(0), take(0), take(0), take(0, 'b')]).toEqual([true, true, false, true]);
    expect([take(500), take(500), take(10_000), take(10_000), take(10_000)]).toEqual([
      ...[true, false],
      ...[true, true, false],
    ]);
  });
});
