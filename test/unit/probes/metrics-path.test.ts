import { describe, expect, it } from 'vitest';
import { judge, type Sized, type Step } from '../../../probes/metrics/path.ts';
import type { EchoResult } from '../../../probes/net/icmp-session.ts';

const lost: EchoResult = { kind: 'timeout' };
const answered = (rttMs: number): EchoResult => ({ kind: 'reply', rttMs });
const said = (code: string, source: string, rttMs: number, mtuB?: number): EchoResult => ({
  ...{ kind: 'error', code, source, rttMs },
  ...(mtuB === undefined ? {} : { mtuB }),
});
const passed = (source: string, rttMs: number) => said('time-exceeded', source, rttMs);
const way: Step[] = [
  [passed('192.0.2.1', 3), passed('192.0.2.1', 2), passed('192.0.2.9', 1)],
  [lost, lost, lost],
  [answered(9), lost, answered(8)],
];
const sized = (sizes: Record<number, EchoResult>): Sized[] =>
  Object.entries(sizes).map(([sizeB, result]) => ({ sizeB: Number(sizeB), results: [result] }));
const roomy = sized({ 1280: answered(8), 1500: answered(8) });

describe('judge', () => {
  it('lists the hops, silent ones too, each with its most frequent router and shortest time', () => {
    expect(judge('198.51.100.7', way, roomy, 0)).toEqual({
      outcome: { status: 'ok' },
      address: '198.51.100.7',
      hops: [
        { address: '192.0.2.1', rttMs: 2 },
        { address: null, rttMs: null },
        { address: '198.51.100.7', rttMs: 8 },
      ],
      values: { hopCount: 3, rttLastHopMs: 8, silentHops: 1, pathMtuB: 1_500, socketDrops: 0 },
    });
  });

  it('tells a told limit from silence', () => {
    const told = said('too-big', '192.0.2.1', 1, 1_400);
    const named = sized({ 1400: answered(8), 1500: told });
    expect(judge('::1', way, named, 0)).toMatchObject({
      outcome: { status: 'ok' },
      values: { pathMtuB: 1_400, namedMtuB: 1_400 },
    });
    const silent = sized({ 1280: answered(8), 1400: lost, 1500: lost });
    expect(judge('::1', way, silent, 0)).toMatchObject({
      outcome: { status: 'failed', stage: 'mtu', code: 'black-hole' },
      values: { pathMtuB: 1_280, blackHoleB: 1_400 },
    });
    const never = sized({ 1280: said('too-big', '192.0.2.1', 1, 1_000) });
    expect(judge('::1', way, never, 0).outcome).toMatchObject({ stage: 'mtu', code: 'too-big' });
  });

  it('does not take a small interface of this machine for a black hole', () => {
    const own = sized({ 1400: answered(8), 1500: { kind: 'not-sent', code: 'too-big' } });
    const { outcome, values } = judge('::1', way, own, 0);
    expect([outcome, values.pathMtuB]).toEqual([{ status: 'ok' }, 1_400]);
    expect(values).not.toHaveProperty('blackHoleB');
  });

  it('says how far it got where the target did not answer', () => {
    const [first = [], second = []] = way;
    const cut = judge('::1', [first, second, second], [], 0);
    expect(cut).toMatchObject({
      outcome: { status: 'failed', stage: 'trace', code: 'timeout' },
      hops: [{ address: '192.0.2.1' }],
      values: { silentHops: 0 },
    });
    expect(cut.values).not.toHaveProperty('hopCount');
    const refused = judge('::1', [first, [lost, said('no-route', '192.0.2.2', 4)]], [], 0);
    expect(refused.outcome).toMatchObject({ stage: 'trace', code: 'no-route' });
    expect(judge('::1', [[lost]], [], 0)).not.toHaveProperty('hops');
    expect(judge('::1', [[{ kind: 'not-sent', code: 'no-route' }]], [], 0).outcome).toMatchObject({
      stage: 'send',
      code: 'no-route',
    });
  });

  it('accuses nobody when the probe dropped datagrams itself', () => {
    const overflow = { status: 'skipped', reason: 'socket-overflow' };
    expect(judge('::1', [[lost]], [], 1).outcome).toEqual(overflow);
    expect(judge('::1', way, sized({ 1500: lost }), 1).outcome).toEqual(overflow);
  });
});
