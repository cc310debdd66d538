/** Web metrics on a small Internet of sites with every trouble, in a network namespace of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../probes/metric.ts';
import { authority } from '../certificates.ts';
import { numberOf, SITES, type World } from './ipv6-sites.ts';
import type { Run } from './namespaced-metrics.ts';

const PATIENCE = { timeoutMs: 10_000 };
/** Of what does not answer. */
const SHORT = { timeoutMs: 1_500, pairs: 1 };

const climb = (name: string, parameters: object = PATIENCE, scheme = 'http'): Run => ({
  metric: 'ipv6-ladder',
  target: `${scheme}://${name}/`,
  family: 6,
  parameters: { ...parameters },
});
const fetch = (name: string, family: 4 | 6, parameters: object = {}): Run => ({
  metric: 'http-fetch',
  target: `http://${name}/`,
  family,
  parameters: { ...PATIENCE, ...parameters },
});
const shake = (target: string, family: 4 | 6 = 6): Run => ({
  metric: 'tls-handshake',
  target,
  family,
  parameters: PATIENCE,
});

const RUNS = {
  whole: climb('whole.test'),
  noAaaa: climb('four.test'),
  noName: climb('nowhere.test'),
  inside: climb('inside.test'),
  madeUp: climb('made-up.test', SHORT),
  madeUpWellKnown: climb('made-up-well-known.test', SHORT),
  silent: climb('silent.test', SHORT),
  closed: climb('closed.test'),
  broken: climb('broken.test'),
  hole: climb('hole.test', SHORT),
  differs: climb('differs.test'),
  links: climb('links.test'),
  quiet: climb('quiet.test'),
  away: climb('away.test', SHORT),
  moved: climb('moved.test'),
  literal: climb('literal.test'),
  circle: climb('circle.test'),
  secure: climb('secure.test', PATIENCE, 'https'),
  expired: climb('expired.test', PATIENCE, 'https'),
  over6: fetch('whole.test', 6),
  over4: fetch('whole.test', 4),
  other6: fetch('differs.test', 6),
  still: fetch('moved.test', 6),
  followed: fetch('moved.test', 6, { redirects: 1 }),
  round: fetch('circle.test', 6, { redirects: 9 }),
  onAndOn: fetch('endless.test', 6, { redirects: 3 }),
  inward: fetch('inward.test', 6, { redirects: 3 }),
  inwardAllowed: fetch('inward.test', 6, { redirects: 3, allowPrivate: true }),
  toOther: fetch('literal.test', 6, { redirects: 3 }),
  shaken: shake('secure.test:443'),
  shaken4: shake('secure.test:443', 4),
  shakenLate: shake('expired.test:443'),
  shakenName: shake('other.test:443'),
  shakenUnknown: shake('unknown.test:443'),
  shakenPlain: shake('secure.test:80'),
  shakenOld: shake('[2001:db8::1]:4443'),
  line: {
    metric: 'ipv6-line',
    target: 'whole.test:80',
    family: 6,
    parameters: { intervalMs: 10 },
  },
} satisfies Record<string, Run>;

describe('in a namespace with a small Internet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tongda-sites-'));
  const findings = new Map<string, Finding>();
  const found = (name: keyof typeof RUNS) => findings.get(name);
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const trusted = authority(folder, 'trusted');
    const good = trusted.issue('good', ['DNS:secure.test', 'DNS:expired.test', 'IP:2001:db8::1']);
    const world: World = {
      runs: Object.values(RUNS),
      certificates: {
        good,
        expired: trusted.issue('expired', ['DNS:expired.test'], -1),
        unknown: authority(folder, 'untrusted').issue('unknown', ['DNS:unknown.test']),
      },
    };
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\nnameserver ::1\n');
    writeFileSync(join(folder, 'hosts'), '');
    const impaired = [
      'table inet impaired { chain output { type filter hook output priority 0;',
      `ip6 daddr 2001:db8::${numberOf('silent.test')} tcp dport 80 drop;`,
      `ip6 saddr 2001:db8::${numberOf('hole.test')} meta length > 1300 drop;`,
      `ip6 daddr 2001:db8::${numberOf('quiet.test')} icmpv6 type echo-request drop;`,
      '}',
      '}',
    ].join('\n');
    const setup = [
      `mount --bind ${folder}/resolv.conf /etc/resolv.conf`,
      `mount --bind ${folder}/hosts /etc/hosts`,
      'ip link set lo mtu 1500 up',
      ...Object.keys(SITES).flatMap((name) => [
        `ip addr add 198.18.0.${numberOf(name)}/32 dev lo`,
        `ip addr add 2001:db8::${numberOf(name)}/128 dev lo nodad`,
      ]),
      'ip link add line type veth peer name far',
      'ip link set far up',
      'ip link set line up',
      'ip addr add 2001:db8:5:1::2/64 dev line nodad',
      'ip addr add fd00:5::2/64 dev line nodad',
      'ip -6 route add default via 2001:db8:5:1::1 dev line',
      'ip -6 route add unreachable 2001:db8:5::/56',
      `nft '${impaired}'`,
      `export NODE_EXTRA_CA_CERTS=${trusted.file}`,
    ];
    const child = new URL('../../.build/test/integration/ipv6-sites.js', import.meta.url);
    const { stdout } = await promisify(execFile)('unshare', [
      ...['--net', '--mount', 'sh', '-euc', [...setup, 'exec "$@"'].join('\n'), 'sh'],
      ...[process.execPath, child.pathname, JSON.stringify(world)],
    ]);
    const all = JSON.parse(stdout) as Finding[];
    for (const [index, name] of Object.keys(RUNS).entries())
      findings.set(name, all[index] as Finding);
  });

  it.each([
    ['noAaaa', 'dns', 'no-aaaa', 0],
    ['noName', 'dns', 'unknown-name', 0],
    ['inside', 'dns', 'private-address', 0],
    ['madeUp', 'dns', 'synthesised', 0],
    ['madeUpWellKnown', 'dns', 'synthesised', 0],
    ['silent', 'tcp', 'timeout', 2],
    ['closed', 'tcp', 'refused', 2],
    ['away', 'tcp', 'refused', 2],
    ['expired', 'tls', 'certificate-expired', 3],
    ['broken', 'http', 'http-503', 3],
    ['literal', 'http', 'other-family', 3],
    ['circle', 'http', 'redirect-loop', 3],
    ['hole', 'page', 'timeout', 5],
    ['differs', 'content', 'differs', 6],
    ['links', 'links', 'no-aaaa', 7],
  ] as const)('ipv6-ladder breaks off for %s at %s/%s', (name, stage, code, highestRung) => {
    expect(found(name)).toMatchObject({
      outcome: { status: 'failed', stage, code },
      values: { highestRung },
    });
  });

  it('ipv6-ladder climbs to the top, comparing as it goes', () => {
    const whole = found('whole');
    expect(whole).toMatchObject({
      outcome: { status: 'ok' },
      address: '2001:db8::1',
      values: {
        ...{ highestRung: 8, highestRungV4: 6, echoAnswered: 1, similarityRatio: 1 },
        ...{ linksTried: 2, linksOk: 2, nameServersV6: 1 },
      },
    });
    expect(whole?.samples).toHaveLength(6);
    const [v6Ms = 0, v4Ms = 1] = whole?.samples ?? [];
    expect(v6Ms).toBeGreaterThan(0);
    expect(v4Ms).toBeGreaterThan(0);
    expect(whole?.values).toHaveProperty('pageDegradationRatio');
    expect(found('secure')).toMatchObject({
      outcome: { status: 'ok' },
      values: { highestRung: 7 },
    });
    expect(found('moved')).toMatchObject({ outcome: { status: 'ok' }, address: '2001:db8::1' });
  });

  it('ipv6-ladder goes on where only the echo is filtered', () => {
    expect(found('quiet')).toMatchObject({
      outcome: { status: 'ok' },
      values: { highestRung: 7, echoAnswered: 0 },
    });
    expect(found('quiet')?.values).not.toHaveProperty('echoMs');
  });

  it('ipv6-ladder notes a zone that cannot be asked over IPv6, and climbs on', () => {
    for (const name of ['quiet', 'secure'] as const)
      expect(found(name)).toMatchObject({
        outcome: { status: 'ok' },
        values: { nameServersV6: 0 },
      });
    // Of a zone whose servers nobody names, and where nothing came over IPv6, it says nothing.
    for (const name of ['moved', 'noAaaa'] as const)
      expect(found(name)?.values).not.toHaveProperty('nameServersV6');
  });

  it('ipv6-ladder says how far IPv4 came', () => {
    expect(found('closed')?.values.highestRungV4).toBe(6);
    expect(found('away')?.values.highestRungV4).toBe(1);
  });

  it('ipv6-ladder counts no link that is dead over both families', () => {
    expect(found('links')?.values).toMatchObject({ linksTried: 2, linksOk: 1 });
  });

  it('http-fetch gives one hash to one page over both families', () => {
    const hash = found('over6')?.values.bodyHash48;
    expect(hash).toBeGreaterThan(0);
    expect(found('over4')?.values.bodyHash48).toBe(hash);
    expect(found('other6')?.values.bodyHash48).not.toBe(hash);
  });

  it('http-fetch follows redirects as far as it is told, and nowhere else', () => {
    expect(found('still')).toMatchObject({ values: { status: 301, redirects: 0 } });
    expect(found('followed')).toMatchObject({
      outcome: { status: 'ok' },
      address: '2001:db8::1',
      values: { status: 200, redirects: 1, bodyHash48: found('over6')?.values.bodyHash48 },
    });
    const refused = (code: string) => ({ outcome: { status: 'failed', stage: 'redirect', code } });
    expect(found('round')).toMatchObject(refused('redirect-loop'));
    expect(found('onAndOn')).toMatchObject(refused('redirect-limit'));
    expect(found('inward')).toMatchObject(refused('private-address'));
    expect(found('inwardAllowed')).toMatchObject({ outcome: { status: 'ok' }, address: '::1' });
    expect(found('toOther')).toMatchObject(refused('other-family'));
  });

  it('tls-handshake measures a good certificate over both families', () => {
    for (const name of ['shaken', 'shaken4'] as const)
      expect(found(name)).toMatchObject({
        outcome: { status: 'ok' },
        values: { tlsVersion: 1.3, alpnHttpVersion: 1, handshakeMs: expect.any(Number) },
      });
    expect(found('shaken')?.values.certificateLeftDays).toBeGreaterThan(0.9);
    expect(found('shaken')?.values.certificateLeftDays).toBeLessThanOrEqual(1);
  });

  it('tls-handshake says why it refused, and what it was shown', () => {
    const refused = (code: string, values: object = {}) => ({
      outcome: { status: 'failed', stage: 'tls', code },
      values,
    });
    const shown = { tlsVersion: 1.3, certificateLeftDays: expect.any(Number) };
    expect(found('shakenLate')).toMatchObject(refused('certificate-expired', shown));
    expect(found('shakenLate')?.values.certificateLeftDays).toBeLessThan(0);
    expect(found('shakenName')).toMatchObject(refused('certificate-name', shown));
    expect(found('shakenUnknown')).toMatchObject(refused('certificate-untrusted', shown));
    expect(found('shakenPlain')).toMatchObject(refused('not-tls'));
    expect(found('shakenOld')).toMatchObject(refused('protocol-version'));
    expect(found('shakenOld')?.values).not.toHaveProperty('certificateLeftDays');
  });

  it('ipv6-line reads what the line has, and which family a race would end on', () => {
    expect(found('line')).toMatchObject({
      outcome: { status: 'ok' },
      address: '2001:db8::1',
      values: {
        ...{ nativeAddresses: 1, uniqueLocalAddresses: 1, temporaryAddresses: 0, prefixLength: 64 },
        ...{ delegatedPrefixLength: 56, defaultRoute: 1, pref64Length: 96, happyEyeballsV6: 1 },
        ...{ resolversV6: 1, resolverV6Ms: expect.any(Number) },
      },
    });
  });
});
