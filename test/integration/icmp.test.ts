/** Echo sessions on loopback: whose clock it is, and thousands of targets at once. */
import { expect, it } from 'vitest';
import type { Family } from '../../probes/measurement.ts';
import type { Finding } from '../../probes/metric.ts';
import { icmpRtt } from '../../probes/metrics/icmp-rtt.ts';
import { type EchoResult, openEchoSession } from '../../probes/net/icmp-session.ts';

const FAMILIES = [4, 6] as const;
const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
const OPTIONS = { payloadB: 56, timeoutMs: 5_000 };
const STALL_MS = 300;
const { signal } = new AbortController();
const obstacle = await icmpRtt.canRun(4);

/** An echo whose answer waits in the socket's buffer while this process does something else. */
async function stalledEcho(family: Family, times: 'kernel' | 'process'): Promise<EchoResult> {
  const session = await openEchoSession(family, { times });
  expect(session.times).toBe(times);
  try {
    const echo = session.echo(LOOPBACK[family], OPTIONS);
    const end = performance.now() + STALL_MS;
    while (performance.now() < end);
    return await echo;
  } finally {
    session.close();
  }
}

it.skipIf(obstacle !== null).each(FAMILIES)(
  'a busy event loop is in the round-trip time of this process, not of the kernel (IPv%i)',
  async (family) => {
    const [kernel, ours] = [
      await stalledEcho(family, 'kernel'),
      await stalledEcho(family, 'process'),
    ];
    expect(kernel).toMatchObject({ kind: 'reply' });
    expect(ours).toMatchObject({ kind: 'reply' });
    const rttMs = (result: EchoResult) => (result.kind === 'reply' ? result.rttMs : Number.NaN);
    expect(rttMs(kernel)).toBeGreaterThan(0);
    expect(rttMs(kernel)).toBeLessThan(STALL_MS);
    expect(rttMs(ours)).toBeGreaterThanOrEqual(STALL_MS);
  },
);

it.skipIf(obstacle !== null).each(['kernel', 'process'] as const)(
  'an echo that cannot be sent is not lost, by the %s’s clock',
  async (times) => {
    const session = await openEchoSession(6, { times });
    const fates = await Promise.all([
      session.echo('127.0.0.1', OPTIONS),
      session.echo('fe80::1%lo', OPTIONS),
      session.echo(LOOPBACK[6], OPTIONS),
    ]);
    expect(() => session.echo(LOOPBACK[6], { ...OPTIONS, payloadB: 11 })).toThrow(RangeError);
    expect(() => session.echo(LOOPBACK[6], { ...OPTIONS, payloadB: 2_041 })).toThrow(RangeError);
    session.close();
    expect(fates).toEqual([
      { kind: 'not-sent', code: 'other-family' },
      { kind: 'not-sent', code: 'other-family' },
      { kind: 'reply', rttMs: expect.any(Number) },
    ]);
    expect(await session.echo('::1', OPTIONS)).toEqual({ kind: 'not-sent', code: 'closed' });
  },
);

it.skipIf(obstacle !== null).each([
  [4, Array.from({ length: 2_000 }, (_, n) => `127.0.${n >> 8}.${n & 0xff || 1}`)],
  [6, Array<string>(2_000).fill('::1')],
] as const)('IPv%i: thousands of targets, each answered for itself', async (family, answering) => {
  const targets = [...answering, 'not a name', family === 4 ? '::1' : '127.0.0.1', 'localhost'];
  const found: Finding[] = [];
  await icmpRtt.runMany?.(targets, icmpRtt.parameters.parse({ count: 2, intervalMs: 10 }), {
    family,
    signal,
    found: (index, finding) => {
      expect(found[index]).toBeUndefined();
      found[index] = finding;
    },
  });
  expect(found).toHaveLength(targets.length);
  for (const [index, target] of answering.entries())
    expect(found[index]).toMatchObject({
      address: target,
      outcome: { status: 'ok' },
      values: { packetsSent: 2, packetsReceived: 2, lossRatio: 0 },
    });
  const [malformed, other, name] = found.slice(answering.length).map(({ outcome }) => outcome);
  expect(malformed).toEqual({ status: 'skipped', reason: 'malformed-target' });
  expect(other).toEqual({ status: 'skipped', reason: 'other-family' });
  expect(['ok', 'failed']).toContain(name?.status);
});
