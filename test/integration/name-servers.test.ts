/** The zone of a name, and which of its servers answer over IPv6, by a real DNS server on loopback. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answeringOverIPv6, zoneServersOverIPv6 } from '../../probes/ipv6/name-servers.ts';
import { WELL_KNOWN_PREF64 } from '../../probes/ipv6/nat64.ts';
import { askOverUdp } from '../../probes/net/dns.ts';
import type { Lookup } from '../../probes/net/resolve.ts';
import { type NameServer, startNameServer } from '../name-server.ts';

const many = Array.from({ length: 12 }, (_, index) => `ns${index}.large.test`);
const ZONES = {
  'good.test': ['ns1.good.test', 'ns2.good.test', 'four.good.test'],
  'deep.good.test': ['ns1.good.test'],
  'lame.test': ['ns1.good.test'],
  'four.test': ['four.good.test'],
  'made-up.test': ['ns.made-up.test'],
  'hearsay.test': ['nowhere.test', 'not a name'],
  'large.test': many,
};

let server: NameServer;
beforeAll(async () => {
  server = await startNameServer({
    host: '::1',
    port: 0,
    zones: ZONES,
    holds: ['good.test', 'deep.good.test', 'large.test'],
    aliases: { 'alias.four.test': 'good.test' },
    truncated: ['large.test'],
    refused: ['broken.good.test'],
    names: {
      'ns1.good.test': ['192.0.2.1', '::1'],
      'ns2.good.test': ['::1'],
      'four.good.test': ['192.0.2.1'],
      'ns.made-up.test': ['192.0.2.1', '64:ff9b::c000:201'],
      ...Object.fromEntries(many.map((name) => [name, ['::1']])),
    },
  });
});
afterAll(() => server.close());

const { signal } = new AbortController();

/** As getaddrinfo(3) says it, of the one server. */
const lookup: Lookup = async (name, family) => {
  const at = { address: '::1', port: server.port, timeoutMs: 2_000 };
  const { answer } = await askOverUdp(at, { name, type: family === 6 ? 'AAAA' : 'A' }, signal);
  if (answer.records.length > 0) return answer.records;
  throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
};

const fates = (name: string, allowPrivate = true, resolverPort = server.port) =>
  zoneServersOverIPv6(
    name,
    {
      resolvers: [{ address: '::1', port: resolverPort }],
      port: server.port,
      policy: { allowPrivate },
      pref64: WELL_KNOWN_PREF64,
      lookup,
    },
    signal,
  );

describe('zoneServersOverIPv6', () => {
  it.each([
    ['good.test', ['answers', 'answers', 'unpublished']],
    ['www.of.good.test', ['answers', 'answers', 'unpublished']],
    ['www.deep.good.test', ['answers']],
    ['alias.four.test', ['unpublished']],
    ['lame.test', ['fails']],
    ['www.made-up.test', ['unpublished']],
    ['hearsay.test', ['unknown']],
    ['large.test', Array(8).fill('answers')],
    ['www.broken.good.test', []],
    ['nowhere.test', []],
    ['test', []],
  ])('of %s are %j', async (name, expected) => {
    expect(await fates(name)).toEqual(expected);
  });

  it('is led nowhere within this machine', async () => {
    expect(await fates('good.test', false)).toEqual(['unknown', 'unknown', 'unpublished']);
  });

  it('has nobody to ask where no resolver answers', async () => {
    const gone = await startNameServer({ host: '::1', port: 0, zones: {}, names: {} });
    gone.close();
    expect(await fates('good.test', true, gone.port)).toEqual([]);
  });

  it('ends with its signal', async () => {
    const ended = AbortSignal.abort(new Error('the agent stops'));
    const options = { policy: { allowPrivate: true }, pref64: undefined };
    await expect(zoneServersOverIPv6('good.test', options, ended)).rejects.toThrow('agent stops');
  });
});

describe('answeringOverIPv6', () => {
  it.each([
    [['answers', 'fails', 'unknown', 'answers'], false, 2],
    [['unpublished', 'unpublished'], false, 0],
    [['unpublished', 'fails'], true, 0],
    [['unpublished', 'fails'], false, undefined],
    [['unpublished', 'unknown'], true, undefined],
    [[], true, undefined],
  ] as const)('of %j, the line on IPv6 %j, is %j', (fates, isLineOnIPv6, expected) => {
    expect(answeringOverIPv6(fates, isLineOnIPv6)).toBe(expected);
  });
});
