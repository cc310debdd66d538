import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Answers } from '../../../api/answers.ts';

function world() {
  let nowMs = Date.parse('2026-11-25T00:00:00Z');
  let asked = 0;
  return {
    answers: new Answers(() => new Date(nowMs)),
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** Answers how often it was asked. */
    ask: async () => ++asked,
  };
}

/** Longer than a renewal waits before it asks. */
const renewed = () => sleep(60);

describe('shared answers', () => {
  it('recent: one question within three seconds, another after', async () => {
    const { answers, pass, ask } = world();
    expect([await answers.recent('a', ask), await answers.recent('a', ask)]).toEqual([1, 1]);
    pass(2_999);
    expect(await answers.recent('a', ask)).toBe(1);
    pass(1);
    expect(await answers.recent('a', ask)).toBe(2);
    expect(await answers.recent('b', ask)).toBe(3);
  });

  it('renewed: the old answer once more while it is asked anew, once', async () => {
    const { answers, pass, ask } = world();
    await answers.renewed('a', ask);
    pass(5_000);
    expect([await answers.renewed('a', ask), await answers.renewed('a', ask)]).toEqual([1, 1]);
    await renewed();
    expect(await answers.renewed('a', ask)).toBe(2);
  });

  it('renewed: never older than ten seconds', async () => {
    const { answers, pass, ask } = world();
    await answers.renewed('a', ask);
    pass(10_000);
    expect(await answers.renewed('a', ask)).toBe(2);
  });

  it('renewed: after a renewal that failed the next waits for a true answer', async () => {
    const { answers, pass, ask } = world();
    await answers.renewed('a', ask);
    pass(5_000);
    expect(await answers.renewed('a', () => Promise.reject(new Error('away')))).toBe(1);
    await renewed();
    expect(await answers.renewed('a', ask)).toBe(2);
  });

  it('lasting: as long as it is wanted, and ten minutes', async () => {
    const { answers, pass, ask } = world();
    for (let minute = 0; minute < 30; minute += 9) {
      expect(await answers.lasting('a', ask)).toBe(1);
      pass(9 * 60_000);
    }
    pass(60_000);
    expect(await answers.lasting('a', ask)).toBe(2);
  });

  it('shared: while it is under way, and not a moment longer', async () => {
    const { answers, ask } = world();
    expect(await Promise.all([answers.shared('a', ask), answers.shared('a', ask)])).toEqual([1, 1]);
    expect(await answers.shared('a', ask)).toBe(2);
  });

  it.each(['recent', 'renewed', 'lasting', 'shared'] as const)(
    '%s: a failure is the answer of those who waited for it, and of nobody else',
    async (way) => {
      const { answers, ask } = world();
      const away = () => Promise.reject(new Error('away'));
      await expect(answers[way]('a', away)).rejects.toThrow('away');
      expect(await answers[way]('a', ask)).toBe(1);
    },
  );

  it('forgets what was replaced, and nothing else', async () => {
    const { answers, ask } = world();
    for (const key of ['map 1', 'map 2', 'mop 1']) await answers.lasting(key, ask);
    answers.forget('map ', 'map 2');
    expect(await answers.lasting('map 2', ask)).toBe(2);
    expect(await answers.lasting('mop 1', ask)).toBe(3);
    expect(await answers.lasting('map 1', ask)).toBe(4);
  });
});
