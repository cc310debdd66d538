/** The tree against a linear scan, with random prefixes of both families that nest and repeat. */
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import {
  addressText,
  covers,
  isPrefix,
  isPublicAddress,
  lastOf,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixText,
} from '../../../ingest/address-space.ts';
import { PrefixTree } from '../../../ingest/prefix-tree.ts';
import { type Chance, chance } from '../../chance.ts';

interface Entry {
  readonly space: Prefix;
  readonly validFrom: string;
  readonly validTo: string;
  readonly holder: string;
}

const DAYS = ['2026-11-01', '2026-11-05', '2026-11-10', '2026-11-20', '2026-11-30'];

/** Few free bits, so that prefixes meet: within 58.240.0.0/24 and 240e::/120. */
function randomSpace({ below, coin }: Chance): Prefix {
  const bits = 120 + below(9);
  const family = coin(0.5) ? 4 : 6;
  const base = parseAddress(family === 4 ? '58.240.0.0' : '240e::') ?? 0n;
  const tail = BigInt(128 - bits);
  return { family, first: ((base | BigInt(below(256))) >> tail) << tail, bits };
}

function world(random: Chance, size: number): Entry[] {
  return Array.from({ length: size }, () => {
    const [one, other] = [random.oneOf(DAYS), random.oneOf(DAYS)].sort() as [string, string];
    const holder = random.oneOf(['甲', '乙', '丙']);
    return { space: randomSpace(random), validFrom: one, validTo: other, holder };
  });
}

const label = ({ space: at, validFrom, validTo, holder }: Entry) =>
  `${prefixText(at)} ${validFrom} ${validTo} ${holder}`;
const isOn = (day: string) => (entry: Entry) => entry.validFrom <= day && day <= entry.validTo;

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('with seed %i', (seed) => {
  const random = chance(seed);
  const entries = world(random, 1 + random.below(120));
  const tree = new PrefixTree(entries);

  it('finds the chain a scan finds', () => {
    for (let turn = 0; turn < 400; turn++) {
      const base = parseAddress(random.coin(0.5) ? '58.240.0.0' : '240e::') ?? 0n;
      const address = base + BigInt(random.below(300) - 20);
      const day = random.oneOf(DAYS);
      const scanned = entries
        .filter(isOn(day))
        .filter(({ space: at }) => at.first <= address && address <= lastOf(at));
      const chain = tree.chain(address, day);
      expect(chain.map(label).sort()).toEqual(scanned.map(label).sort());
      const bits = chain.map(({ space: at }) => at.bits);
      expect(bits).toEqual([...bits].sort((a, b) => b - a));
    }
  });

  it('finds the overlaps a comparison of all with all finds', () => {
    const span = { first: '2026-11-04', last: '2026-11-12' };
    const differ = (one: Entry, other: Entry) => one.holder !== other.holder;
    const declared = (narrower: Entry) => narrower.holder === '丙';
    const scanned: string[] = [];
    entries.forEach((one, at) => {
      entries.forEach((other, index) => {
        const same = one.space.first === other.space.first && one.space.bits === other.space.bits;
        if (!covers(one.space, other.space) || at === index || (same && at > index)) return;
        const days = Array.from(
          { length: 9 },
          (_, day) => `2026-11-${String(day + 4).padStart(2, '0')}`,
        );
        if (!days.some((day) => isOn(day)(one) && isOn(day)(other)) || !differ(one, other)) return;
        if (same || !declared(other)) scanned.push([label(one), label(other)].sort().join(' | '));
      });
    });
    const { count, items } = tree.overlaps(span, differ, declared, 1e6);
    const found = items.map(({ wider, narrower }) =>
      [label(wider), label(narrower)].sort().join(' | '),
    );
    expect(found.sort()).toEqual(scanned.sort());
    expect(count).toBe(scanned.length);
    expect(tree.overlaps(span, differ, declared, 2).items.length).toBe(Math.min(2, count));
  });

  it('finds the gaps a look at every address finds, in the fewest prefixes', () => {
    const day = random.oneOf(DAYS);
    const valid = entries.filter(isOn(day));
    const { items } = tree.gaps(day, 1e6);
    const addresses = (prefix: Prefix) =>
      Array.from(
        { length: Number(lastOf(prefix) - prefix.first) + 1 },
        (_, at) => prefix.first + BigInt(at),
      );
    const scanned = new Set<string>();
    for (const { space: at } of valid) {
      const inner = valid.filter(({ space: part }) => part.bits > at.bits && covers(at, part));
      if (inner.length === 0) continue;
      for (const address of addresses(at))
        if (!inner.some(({ space: part }) => part.first <= address && address <= lastOf(part)))
          scanned.add(`${prefixText(at)} ${addressText(address)}`);
    }
    const found = items.flatMap(({ within, space: gap }) =>
      addresses(gap).map((address) => `${prefixText(within.space)} ${addressText(address)}`),
    );
    expect(found).toHaveLength(scanned.size);
    expect(new Set(found)).toEqual(scanned);
    for (const limit of [0, 1, 5])
      expect(tree.gaps(day, limit)).toMatchObject({ count: items.length });
    // No two of one entry are the halves of a prefix.
    const halves = items.map(({ within, space: gap }) => {
      const { first, bits } = gap;
      return `${prefixText(within.space)} ${bits} ${first >> BigInt(129 - bits)}`;
    });
    expect(new Set(halves).size).toBe(halves.length);
  });
});

describe('an empty tree', () => {
  it('finds nothing', () => {
    const tree = new PrefixTree<Entry>([]);
    expect(tree.chain(1n, '2026-11-01')).toEqual([]);
    expect(tree.gaps('2026-11-01', 9)).toMatchObject({ count: 0, items: [] });
  });
});

describe('a prefix', () => {
  it.each([
    ['58.240.0.0/15', '58.240.0.0/15'],
    ['240E:0003:A000::/28', null],
    ['240E:03A0::/28', '240e:3a0::/28'],
    ['::/0', null],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:da8::1/128', '2001:da8::1/128'],
  ])('%s is read as %s', (written, wanted) => {
    const parsed = parsePrefix(written);
    expect(isPrefix(parsed) ? prefixText(parsed) : null).toBe(wanted);
  });

  it.each([
    ['58.240.0.1/15', 'prefix-host-bits', '58.240.0.0/15'],
    ['240e:3a1::/27', 'prefix-host-bits', '240e:3a0::/27'],
    ['58.240.0.0/33', 'prefix-family', ''],
    ['::ffff:58.240.0.0/112', 'prefix-mapped', ''],
    ['::/64', 'prefix-mapped', ''],
    ['fe80::%eth0/64', 'prefix-scoped', ''],
    ['58.240/16', 'prefix-malformed', ''],
    ['058.240.0.0/16', 'prefix-malformed', ''],
    ['0x3a.240.0.0/16', 'prefix-malformed', ''],
    ['58.240.0.0', 'prefix-malformed', ''],
    ['58.240.0.0/-1', 'prefix-malformed', ''],
    ['58.240.0.0/015', 'prefix-malformed', ''],
    ['240e::/129', 'prefix-malformed', ''],
    ['', 'prefix-malformed', ''],
  ])('%s is refused: %s', (written, code, meant) => {
    expect(parsePrefix(written)).toEqual(meant ? { code, meant } : { code });
  });

  it('comes back from its own text', () => {
    const random = chance(9);
    for (let turn = 0; turn < 500; turn++) {
      const prefix = randomSpace(random);
      expect(parsePrefix(prefixText(prefix))).toEqual(prefix);
    }
  });
});

describe('an address', () => {
  const asWritten = (bytes: readonly number[], { coin, below }: Chance): string => {
    const whole = Buffer.from(bytes)
      .toString('hex')
      .replace(/(....)(?!$)/g, '$1:');
    const short = new ipaddr.IPv6([...bytes]).toRFC5952String();
    if (bytes.slice(0, 12).every((byte, at) => byte === (at < 10 ? 0 : 255)))
      return `${['::ffff:', '', '0:0:0:0:0:FFFF:'][below(3)]}${bytes.slice(12).join('.')}`;
    return coin(0.5) ? whole : coin(0.5) ? short : short.toUpperCase();
  };

  it.each([1, 2, 3])('with seed %i is read, written and judged as ipaddr.js does', (seed) => {
    const random = chance(seed);
    for (let turn = 0; turn < 2_000; turn++) {
      const mapped = random.coin(0.5);
      const bytes = Array.from({ length: 16 }, (_, at) => {
        if (mapped && at < 12) return at < 10 ? 0 : 255;
        return random.coin(0.4) ? 0 : random.below(256);
      });
      if (!mapped && random.coin(0.5)) bytes[0] = 0x20 + random.below(32);
      const address = parseAddress(asWritten(bytes, random));
      expect(address).toBe(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
      const theirs = ipaddr.process(new ipaddr.IPv6(bytes).toString());
      expect(addressText(address ?? 0n)).toBe(
        'toRFC5952String' in theirs ? theirs.toRFC5952String() : theirs.toString(),
      );
      const isPublic = theirs.range() === 'unicast' && (mapped || (bytes[0] ?? 0) >> 5 === 1);
      expect(isPublicAddress(address ?? 0n)).toBe(isPublic);
    }
  });

  it.each([
    ...['', '58.240.1', '58.240.1.256', '058.240.1.1', '::ffff:58.240.1', '::ffff:', ':::'],
    ...['fe80::1%eth0', '::ffff:1.2.3.4%1', '240e::1::2', '240e', '1:2:3:4:5:6:7:8:9', 'g::'],
    ...[' 240e::1', '::ffff:::ffff:1.2.3.4'],
  ])('is not %j', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it.each([
    ['::', 0n],
    ['::1', 1n],
    ['1::', 1n << 112n],
    ['::ffff:102:304', 0xffff_0102_0304n],
    ['64:ff9b::1.2.3.4', (0x64_ff9bn << 96n) | 0x0102_0304n],
    ['1:2:3:4:5:6:7::', 0x0001_0002_0003_0004_0005_0006_0007_0000n],
  ])('%s is read', (text, number) => {
    expect(parseAddress(text)).toBe(number);
  });
});
