/** Everything that reads what others wrote, fed with noise: it answers or refuses, and never throws. */
import packet from 'dns-packet';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { readAddresses, readRoutes } from '../../../probes/ipv6/line-state.ts';
import { pref64Of } from '../../../probes/ipv6/nat64.ts';
import { siteLinks } from '../../../probes/ipv6/page-links.ts';
import { similarityRatio } from '../../../probes/ipv6/similarity.ts';
import { readAnswer } from '../../../probes/net/dns.ts';
import { isPrivate, parseHost, parseHostAndPort, parseUrl } from '../../../probes/net/target.ts';
import { type Chance, chance } from '../../chance.ts';

const CASES = 2_000;
const seeds = Array.from({ length: CASES }, (_, seed) => seed);

/** Pieces that matter to parsers of targets, and others, in any order. */
const PIECES = [
  ...[
    'http://',
    'https://',
    'ftp://',
    '[',
    ']',
    ':',
    '::',
    '%',
    '%25eth0',
    '@',
    '/',
    '.',
    '-',
    '#',
  ],
  ...['127.0.0.1', '::1', '::ffff:10.0.0.1', 'fe80::1', '2001:db8::1', '64:ff9b::7f00:1', '0x7f'],
  ...[
    'example.net',
    'xn--55qx5d',
    '村.cn',
    'localhost',
    'a_b',
    '80',
    '65536',
    '\0',
    ' ',
    '\u202e',
    'é',
  ],
];
const assembled = (dice: Chance) =>
  Array.from({ length: 1 + dice.below(6) }, () => dice.oneOf(PIECES)).join('');

/** A message with some octets changed, cut or added. */
function mutated(message: Buffer, dice: Chance): Buffer {
  const bytes = [...message];
  for (let count = 1 + dice.below(4); count > 0; count--) {
    const at = dice.below(bytes.length + 1);
    const how = dice.below(3);
    if (how === 0) bytes[at] = dice.below(256);
    if (how === 1) bytes.splice(at, 1 + dice.below(8));
    if (how === 2)
      bytes.splice(at, 0, ...Array.from({ length: dice.below(8) }, () => dice.below(256)));
  }
  return Buffer.from(bytes);
}

describe('targets', () => {
  it('whatever the text, a literal that is taken is of the task’s family and canonical', () => {
    for (const seed of seeds) {
      const text = assembled(chance(seed));
      for (const family of [4, 6] as const)
        for (const parsed of [
          parseHost(text, family),
          parseHostAndPort(text, family),
          parseUrl(text, family),
        ]) {
          if (parsed.kind === 'refused') continue;
          const host = 'host' in parsed ? parsed.host : parsed;
          if (host.kind !== 'address') continue;
          expect(ipaddr.parse(host.address).kind(), text).toBe(`ipv${family}`);
          expect(parseHost(host.address, family), text).toEqual(host);
          expect([true, false], text).toContain(isPrivate(host.address));
        }
    }
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    'fe80::1',
    'fd00::1',
    'fec0::1',
    'ff02::1',
    '::ffff:192.168.0.1',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    '2002:7f00:1::1',
  ])('%s is private', (address) => expect(isPrivate(address)).toBe(true));

  it.each([
    '8.8.8.8',
    '198.18.0.1',
    '2400:3200::1',
    '2001:db8::1',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('%s is not', (address) => expect(isPrivate(address)).toBe(false));
});

describe('DNS answers', () => {
  const question = { id: 7, name: 'a.test', type: 'AAAA' } as const;
  const answered = (answers: packet.Answer[], flags = 0, name = 'A.test') =>
    packet.encode({ type: 'response', id: 7, flags, questions: [{ type: 'AAAA', name }], answers });
  const alias = (name: string, data: string): packet.Answer => ({ type: 'CNAME', name, data });
  const address = (name: string): packet.Answer => ({ type: 'AAAA', name, data: '2001:db8::1' });
  const read = (answers: packet.Answer[], flags?: number) =>
    readAnswer(answered(answers, flags), question);

  it('are counted where the aliases lead, in whatever order they come', () => {
    expect(read([address('C.test'), alias('b.test', 'c.test'), alias('a.test', 'B.test')])).toEqual(
      {
        ...{
          rcode: 0,
          isAuthenticated: false,
          isAuthoritative: false,
          isTruncated: false,
          isLoop: false,
        },
        ...{ records: ['2001:db8::1'], aliases: 2 },
      },
    );
    expect(read([address('elsewhere.test')])).toMatchObject({ records: [], aliases: 0 });
    expect(read([alias('a.test', 'b.test')])).toMatchObject({ records: [], aliases: 1 });
  });

  it('may lead in a circle, and say so', () => {
    const circle = [alias('a.test', 'b.test'), alias('b.test', 'a.test'), address('a.test')];
    expect(read(circle)).toMatchObject({ records: [], isLoop: true });
  });

  it('carry their flags', () => {
    const flags = packet.AUTHENTIC_DATA | packet.TRUNCATED_RESPONSE | 3;
    expect(read([], flags)).toMatchObject({ rcode: 3, isAuthenticated: true, isTruncated: true });
  });

  it('are nobody’s when id, name, type or direction differ', () => {
    expect(readAnswer(answered([]), { ...question, id: 8 })).toBeUndefined();
    expect(readAnswer(answered([]), { ...question, name: 'b.test' })).toBeUndefined();
    expect(readAnswer(answered([]), { ...question, type: 'A' })).toBeUndefined();
    expect(readAnswer(packet.encode({ type: 'query', id: 7 }), question)).toBeUndefined();
  });

  it('may be noise', () => {
    const good = answered([alias('a.test', 'b.test'), address('b.test')]);
    let understood = 0;
    for (const seed of seeds) {
      const answer = readAnswer(mutated(good, chance(seed)), question);
      if (answer === undefined) continue;
      understood++;
      for (const each of answer.records) expect(ipaddr.IPv6.isValid(each)).toBe(true);
    }
    // Else this looked at nothing but refusals.
    expect(understood).toBeGreaterThan(CASES / 20);
    expect(understood).toBeLessThan(CASES);
  });
});

describe('pages', () => {
  const page = new URL('https://www.a.test/dir/index.html');
  const links = (html: string, limit = 10) => siteLinks(html, page, limit).map(({ href }) => href);

  it('give the links of their own site, once each, in order', () => {
    const html = `<!-- <a href="/not"> --><script>"<a href='/nor'>"</script>
      <a href="b.html">x</a><A HREF='/c?x=1&amp;y=2#z'>y</A><a href=b.html#top>again</a>
      <a href="//sub.a.test/d">d</a> <a href="https://nota.test/">no</a> <a href="mailto:x@a.test">no</a>
      <a href="javascript:void(0)">no</a><a href="#here">no</a><a href="http://[bad">no</a><a>no</a>
      <a href=/e href=/no>first</a><link href="/no.css">`;
    expect(links(html)).toEqual([
      'https://www.a.test/dir/b.html',
      'https://www.a.test/c?x=1&y=2',
      'https://sub.a.test/d',
      'https://www.a.test/e',
    ]);
    expect(links(html, 2)).toHaveLength(2);
    expect(links('<base href="/other/"><a href="e">e</a>')).toEqual(['https://www.a.test/other/e']);
  });

  it('may be noise', () => {
    const dice = chance(1);
    const parts = [
      '<',
      '>',
      '<a ',
      'href=',
      '"',
      "'",
      '&',
      '&#x',
      '/',
      '<!--',
      '<script>',
      '<base ',
      'http:',
      '\0',
    ];
    for (const _ of seeds) {
      const html = Array.from({ length: 20 }, () => dice.oneOf(parts)).join('');
      for (const link of siteLinks(html, page, 5)) expect(link.hostname).toMatch(/(^|\.)a\.test$/);
    }
  });

  it('are alike by their words', () => {
    const like = (a: string, b: string) => similarityRatio(Buffer.from(a), Buffer.from(b));
    const body = '各村光纤通达情况一览 '.repeat(20);
    expect(like(body, body)).toBe(1);
    expect(like(`${body} 10:00`, `${body} 10:01`)).toBeGreaterThan(0.95);
    expect(like(body, '<h1>It works!</h1>')).toBe(0);
    expect(like(body, '')).toBe(0);
    expect(like('', '')).toBe(1);
    expect(like('a b c d', 'a b x y')).toBe(0.5);
  });
});

describe('NAT64 prefixes', () => {
  // RFC 6052 §2.4, with the well-known addresses of RFC 7050 in place of 192.0.2.33.
  it.each([
    ['2001:db8:c000:aa::', '2001:db8::', 32],
    ['2001:db8:1c0:0:aa::', '2001:db8:100::', 40],
    ['2001:db8:122:c000:0:aa00::', '2001:db8:122::', 48],
    ['2001:db8:122:3c0:0:aa::', '2001:db8:122:300::', 56],
    ['2001:db8:122:344:c0:0:aa00::', '2001:db8:122:344::', 64],
    ['64:ff9b::192.0.0.171', '64:ff9b::', 96],
  ])('%s shows %s/%i', (address, prefix, length) => {
    const found = pref64Of(address);
    expect([found?.prefix.toRFC5952String(), found?.length]).toEqual([prefix, length]);
  });

  it.each(['2001:db8::1', '192.0.0.170', '::', 'no address', ''])('%s shows none', (address) => {
    expect(pref64Of(address)).toBeUndefined();
  });
});

describe('/proc/net', () => {
  it('may be noise', () => {
    const good = [
      '20010db8000000000000000000000001 02 40 00 80     eth0',
      '00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000003 00000000 00000003     eth0',
    ].join('\n');
    for (const seed of seeds) {
      const text = mutated(Buffer.from(good), chance(seed)).toString('latin1');
      for (const { address, prefixLength } of readAddresses(text)) {
        expect(ipaddr.IPv6.isValid(address)).toBe(true);
        expect(prefixLength).toBeLessThanOrEqual(128);
      }
      for (const { destination } of readRoutes(text))
        expect(ipaddr.IPv6.isValid(destination)).toBe(true);
    }
  });
});
