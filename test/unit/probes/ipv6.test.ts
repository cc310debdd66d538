import { describe, expect, it } from 'vitest';
import { adviseLadder, LADDER_ADVICE } from '../../../probes/ipv6/advice.ts';
import {
  brokenAt,
  degradationRatio,
  heightOf,
  heightReached,
  judgeClimb,
} from '../../../probes/ipv6/ladder.ts';
import { kindOf, lineState, readAddresses, readRoutes } from '../../../probes/ipv6/line-state.ts';
import type { Outcome } from '../../../probes/measurement.ts';
import { happyEyeballs } from '../../../probes/metrics/ipv6-line.ts';

const OK: Outcome = { status: 'ok' };
const failed = (stage: string, code: string): Outcome => ({ status: 'failed', stage, code });

describe('the ladder', () => {
  it.each([
    ['dns', 'no-aaaa', 'dns', 0],
    ['connect', 'timeout', 'tcp', heightOf('dns')],
    ['tls', 'certificate-name', 'tls', heightOf('tcp')],
    ['header', 'closed', 'http', heightOf('tcp')],
    ['redirect', 'redirect-loop', 'http', heightOf('tcp')],
    ['status', 'http-500', 'http', heightOf('tcp')],
    ['body', 'timeout', 'page', heightOf('http')],
  ] as const)('a visit that failed at %s/%s broke the rung %s', (stage, code, rung, height) => {
    const visit = { outcome: failed(stage, code) };
    expect(brokenAt(visit)).toEqual({ rung, code });
    expect(heightReached(visit)).toBe(height);
  });

  it('counts TLS where there was some', () => {
    const visit = { outcome: failed('status', 'http-500'), tlsMs: 3 };
    expect(heightReached(visit)).toBe(heightOf('tls'));
  });

  it('does not hold its own limit against a page', () => {
    expect(brokenAt({ outcome: failed('body', 'body-limit') })).toBeUndefined();
  });

  const climb = {
    visit: { outcome: OK },
    isEchoAnswered: false,
    similarityRatio: 1,
    similarAtLeast: 0.7,
    links: { ok: 2, codes: [] },
  };

  it.each([
    [{}, OK, 8],
    [{ links: { ok: 0, codes: [] } }, OK, 7],
    [{ links: undefined, similarityRatio: undefined }, OK, 6],
    [{ similarityRatio: 0.69 }, failed('content', 'differs'), 6],
    [{ similarityRatio: 0.7 }, OK, 8],
    [{ links: { ok: 1, codes: ['timeout', 'no-aaaa', 'no-aaaa'] } }, failed('links', 'no-aaaa'), 7],
    [{ visit: { outcome: failed('connect', 'refused') } }, failed('tcp', 'refused'), 1],
    [
      { visit: { outcome: failed('connect', 'refused') }, isEchoAnswered: true },
      failed('tcp', 'refused'),
      2,
    ],
  ])('judges %j', (change, outcome, highestRung) => {
    expect(judgeClimb({ ...climb, ...change })).toEqual({ outcome, highestRung });
  });

  it('has its degradation ratio', () => {
    expect(degradationRatio({ v6Ms: 30, v4Ms: 20 })).toBe(0.5);
    expect(degradationRatio({ v6Ms: 10, v4Ms: 20 })).toBe(-0.5);
  });
});

describe('advice', () => {
  const all = Object.entries(LADDER_ADVICE).flatMap(([rung, byCode]) =>
    Object.entries(byCode).map(([code, advice]) => [`${rung}/${code}`, advice] as const),
  );

  it.each(all)('%s is said in both languages, and differs in cause and cure', (_, advice) => {
    for (const { zh, en } of [advice.cause, advice.cure]) {
      expect(zh).toMatch(/\p{Script=Han}/u);
      expect(en).not.toMatch(/\p{Script=Han}/u);
    }
    expect(advice.cause).not.toEqual(advice.cure);
  });

  const advise = (outcome: Outcome, values = {}) => adviseLadder({ outcome, values });

  it('is there for every rung that can break, whatever the code', () => {
    for (const rung of ['dns', 'tcp', 'tls', 'http', 'page', 'content', 'links'])
      expect(advise(failed(rung, 'never-seen'))).toBeDefined();
  });

  it('does not blame IPv6 where IPv4 came no further', () => {
    const refused = failed('tcp', 'refused');
    const both = advise(refused, { highestRungV4: heightOf('dns') });
    expect(both?.cause.en).toMatch(/not IPv6/);
    expect(advise(refused, { highestRungV4: heightOf('page') })).toBe(LADDER_ADVICE.tcp.refused);
    // IPv4 broke higher up: the connect is IPv6's own trouble.
    expect(advise(refused, { highestRungV4: heightOf('http') })).toBe(LADDER_ADVICE.tcp.refused);
    // A name without AAAA is without, whatever IPv4 does.
    const missing = advise(failed('dns', 'no-aaaa'), { highestRungV4: 0 });
    expect(missing).toBe(LADDER_ADVICE.dns['no-aaaa']);
  });

  it('speaks of a zone that is not on IPv6 before it speaks of an echo', () => {
    const advice = advise(OK, { nameServersV6: 0, echoAnswered: 0 });
    expect(advice?.cause.zh).toMatch(/权威服务器/);
    expect(advice?.cure.en).toMatch(/AAAA and glue/);
    expect(advise(OK, { nameServersV6: 1 })).toBeUndefined();
  });

  it('speaks of a filtered echo, and is silent where all is well or nothing was looked at', () => {
    expect(advise(OK, { echoAnswered: 0 })?.cause.en).toMatch(/echo/);
    expect(advise(OK, { echoAnswered: 1 })).toBeUndefined();
    expect(advise(OK)).toBeUndefined();
    expect(advise({ status: 'skipped', reason: 'missed' })).toBeUndefined();
  });
});

describe('the line', () => {
  const INET6 = [
    '24008900000000000000000000000001 02 40 00 00     eth0',
    '24008900000000000000000000000002 02 40 00 01     eth0',
    '24008900000000000000000000000003 02 40 00 20     eth0',
    '24008900000000000000000000000004 02 40 00 40     eth0',
    '20020102030400000000000000000001 03 10 00 80     tun0',
    'fd000000000000000000000000000001 02 40 00 80     eth0',
    'fe800000000000000000000000000001 02 40 20 80     eth0',
    '00000000000000000000000000000001 01 80 10 80       lo',
  ].join('\n');
  const ZERO = '0'.repeat(32);
  const route = (to: string, length: string, flags: string, on: string) =>
    `${to} ${length} ${ZERO} 00 ${ZERO} 00000400 00000001 00000000 ${flags} ${on}`;
  const NULL_ROUTE = route(ZERO, '00', '00200200', 'lo');

  it('has the addresses it can be used with', () => {
    const state = lineState(readAddresses(INET6), readRoutes(NULL_ROUTE));
    expect(state.native.map(({ address }) => address)).toEqual(['2400:8900::1', '2400:8900::2']);
    expect(state).toMatchObject({
      ...{ tunnels: 1, uniqueLocal: 1, temporary: 1, prefixLength: 64 },
      ...{ delegatedPrefixLength: undefined, hasDefaultRoute: false },
    });
  });

  it('has a default route, through a gateway or straight on a link', () => {
    for (const flags of ['00000003', '00000001'])
      expect(
        lineState([], readRoutes(`${NULL_ROUTE}\n${route(ZERO, '00', flags, 'ppp0')}`)),
      ).toMatchObject({ hasDefaultRoute: true });
  });

  it('shows the delegated prefix of a router, and takes no other refusal for one', () => {
    const refused = (to: string, length: string) =>
      route(to.padEnd(32, '0'), length, '00200200', 'lo');
    const length = (...routes: string[]) =>
      lineState([], readRoutes(routes.join('\n'))).delegatedPrefixLength;
    expect(length(NULL_ROUTE, refused('240089000001', '38'))).toBe(56);
    expect(length(refused('fd', '30'), refused('2400890000010001', '40'))).toBeUndefined();
    expect(length(route('240089000001'.padEnd(32, '0'), '38', '00000001', 'eth0'))).toBeUndefined();
  });

  it.each([
    ['2400:8900::1', 'native'],
    ['2002:102:304::1', 'tunnel'],
    ['2001:0:1::1', 'tunnel'],
    ['fd00::1', 'unique-local'],
    ['fe80::1', 'other'],
    // Unicast by ipaddr.js, given out to nobody by IANA.
    ['4000::1', 'other'],
  ])('%s is %s', (address, kind) => expect(kindOf(address)).toBe(kind));

  it.each([
    [10, 20, 1],
    [269, 20, 1],
    [271, 20, 0],
    [undefined, 20, 0],
    [2_000, undefined, 1],
    [undefined, undefined, undefined],
  ])('a race of %s ms against %s ms ends on IPv6: %s', (v6Ms, v4Ms, chosen) => {
    expect(happyEyeballs(v6Ms, v4Ms)).toBe(chosen);
  });
});
