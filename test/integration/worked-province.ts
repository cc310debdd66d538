/**
 * A province small enough for paper: two cities, eight villages, three carriers, fourteen lines and one
 * October of measurements and filings written by hand. What each indicator makes of it stands, with the arithmetic,
 * in `worked-example.test.ts`; whoever adds a row here adds it there.
 *
 * Times are Chinese clocks. Nothing here comes from a generator.
 */
import { file } from '../../ingest/filing-store.ts';
import { precedenceOf } from '../../sql/precedence.ts';
import type { InsertOf } from '../../sql/rows.ts';
import type { Store } from '../../sql/store.ts';
import { aMeasurementRow } from '../measurement-row.ts';

export const MONTH = '2026-10';
export const M = 1e6;

/** Villages by a letter. Hamlets are `${C}-001` and the like. */
export const A = '320102002001';
export const B = '320102002002';
export const C = '320115101201';
export const D = '320115101202';
export const E = '320115102201';
export const F = '320583100201';
export const G = '320583100202';
export const H = '320583100203';

const UPDATED = '2026-09-01T00:00:00.000000Z';

type Level = InsertOf<'place'>['level'];

const place = (
  code: string,
  name: string,
  level: Level,
  parent: string,
  kind = '',
  outsideFor: string[] = [],
) => ({
  ...{ code, name, level, parent, kind, validFrom: '2013-06-15', source: 'worked example' },
  ...{ outsideFor, updated: UPDATED },
});

/** Kinds of villages: 111 in a city, 220 in the country. */
export const PLACES: readonly InsertOf<'place'>[] = [
  place('32', '江苏省', 'province', ''),
  place('3201', '南京市', 'city', '32'),
  place('320102', '玄武区', 'county', '3201'),
  place('320102002', '梅园新村街道', 'township', '320102'),
  place(A, '甲社区', 'village', '320102002', '111'),
  place(B, '乙社区', 'village', '320102002', '111'),
  place('320115', '江宁区', 'county', '3201'),
  place('320115101', '湖熟街道', 'township', '320115'),
  place(C, '丙村', 'village', '320115101', '220'),
  place(`${C}-001`, '丙村东', 'hamlet', C),
  place(`${C}-002`, '丙村西', 'hamlet', C),
  place(D, '丁村', 'village', '320115101', '220'),
  place('320115102', '谷里街道', 'township', '320115'),
  // At the border: telecom's subscribers there are those of the neighbouring province, the others' are not.
  place(E, '戊村', 'village', '320115102', '220', ['telecom']),
  place('3205', '苏州市', 'city', '32'),
  place('320583', '昆山市', 'county', '3205'),
  place('320583100', '玉山镇', 'township', '320583'),
  place(F, '己村', 'village', '320583100', '220'),
  place(`${F}-001`, '己村南', 'hamlet', F),
  place(G, '庚村', 'village', '320583100', '220'),
  place(H, '辛村', 'village', '320583100', '220'),
];

type LineRow = InsertOf<'line'>;

const line = (
  name: string,
  where: string,
  carrier: string,
  technology: string,
  subscribed: readonly [down: number | null, up: number | null],
  changes: Partial<LineRow> = {},
): LineRow => ({
  ...{ line: name, place: where, carrier, technology },
  ...{ subscribedDownBps: subscribed[0], subscribedUpBps: subscribed[1] },
  ...{ validFrom: '2026-01-01', validTo: '2149-06-06', updated: UPDATED, ...changes },
});

export const LINES: readonly LineRow[] = [
  line('a1', A, 'telecom', 'ftth', [100 * M, 20 * M]),
  line('a2', A, 'mobile', 'ftth', [200 * M, 40 * M]),
  line('b1', B, 'telecom', 'fttb', [50 * M, null]),
  line('b2', B, 'mobile', 'dsl', [8 * M, null], { validFrom: '2026-10-10', validTo: '2026-10-10' }),
  line('c1', `${C}-001`, 'telecom', 'ftth', [100 * M, 20 * M]),
  line('c2', C, 'cable', 'docsis', [100 * M, 10 * M]),
  line('c3', `${C}-002`, 'mobile', 'ftth', [100 * M, 20 * M]),
  line('d1', D, 'mobile', 'nr', [null, null]),
  line('e1', E, 'cable', 'docsis', [40 * M, null]),
  // Moved to the next village on the 16th, with a faster contract.
  line('f1', F, 'telecom', 'ftth', [100 * M, 20 * M], { validTo: '2026-10-15' }),
  line('f1', G, 'telecom', 'ftth', [200 * M, 40 * M], { validFrom: '2026-10-16' }),
  line('f2', F, 'mobile', 'lte', [null, null]),
  line('g1', G, 'cable', 'docsis', [20 * M, null]),
  line('h1', H, 'telecom', 'ftth', [100 * M, 20 * M], { validFrom: '2026-10-30' }),
  // The station's own: measured like the others, counted nowhere.
  line('self', A, 'telecom', 'loopback', [1_000 * M, 1_000 * M]),
];

const probe = (name: string, on: string, enrolled: string, revoked: string | null = null) => ({
  ...{ probe: name, line: on, tokenSha256: name.padEnd(64, '0'), enrolled, revoked },
  updated: UPDATED,
});

/** Line c3 has none; those of b2 and h1 wait for their lines since September, and h1's never says a word. */
export const PROBES: readonly InsertOf<'probe'>[] = [
  ...['a1', 'a2', 'b1', 'b2', 'c1', 'c2', 'd1', 'f1', 'f2', 'h1', 'self'].map((on) =>
    probe(`p-${on}`, on, '2026-09-01T00:00:00.000Z'),
  ),
  // Revoked after the month, which changes nothing in it.
  probe('p-g1', 'g1', '2026-09-01T00:00:00.000Z', '2026-11-05T00:00:00.000Z'),
  // The first was revoked within the month; the second came four hours before its end.
  probe('p-e1-first', 'e1', '2026-09-01T00:00:00.000Z', at(20, '12:00')),
  probe('p-e1', 'e1', at(31, '20:00')),
];

const prefix = (
  block: string,
  holder: string,
  carrier: string,
  changes: Partial<InsertOf<'library_prefix'>> = {},
): InsertOf<'library_prefix'> => ({
  ...{ import: 'library-1', prefix: block, holder, carrier, area: '32', purpose: 'access' },
  ...{ partOf: '', validFrom: '2020-01-01', validTo: '2149-06-06', source: 'worked example' },
  ...changes,
});

export const PREFIXES: readonly InsertOf<'library_prefix'>[] = [
  prefix('61.155.0.0/16', 'js-telecom', 'telecom'),
  prefix('61.155.7.0/24', 'js-cable', 'cable', { partOf: '61.155.0.0/16' }),
  // Never noted: an import that broke off. What it says of the block counts for nothing.
  prefix('61.155.8.0/24', 'js-mobile', 'mobile', { import: 'library-broken' }),
  // Passed on in the middle of the month; the first version says no end of its own.
  prefix('112.20.0.0/14', 'js-block', 'mobile'),
  prefix('112.20.0.0/14', 'js-block', 'telecom', { validFrom: '2026-10-16' }),
  // Two who both say it is theirs.
  prefix('36.149.0.0/16', 'js-mobile', 'mobile'),
  prefix('36.149.0.0/16', 'js-telecom', 'telecom'),
  prefix('49.65.0.0/16', 'a-factory', '', { purpose: 'enterprise' }),
];

const service = (
  name: string,
  level: string,
  area: string,
  changes: Partial<InsertOf<'library_service'>> = {},
): InsertOf<'library_service'> => ({
  ...{ import: 'library-1', name, original: name, holder: name, kind: 'agency', level, area },
  ...{ url: `https://${name}/`, families: [4, 6], lines: [], validFrom: '2020-01-01' },
  ...{ validTo: '2149-06-06', source: 'worked example', ...changes },
});

/** Village C has all five levels; A lacks township and village, F and G have a city and a province. */
export const SERVICES: readonly InsertOf<'library_service'>[] = [
  service('www.jiangsu.gov.cn', 'province', '32'),
  service('nanjing.gov.cn', 'city', '3201', { url: 'https://www.nanjing.gov.cn/' }),
  service('xuanwu.gov.cn', 'county', '320102'),
  service('jiangning.gov.cn', 'county', '320115'),
  service('hushu.jiangning.gov.cn', 'township', '320115101'),
  service('bing.jiangning.gov.cn', 'village', C),
  service('suzhou.gov.cn', 'city', '3205'),
  // Platforms of converged services, of nobody's agency.
  service('tv.js.cn', 'province', '32', { kind: 'platform' }),
  service('iptv.js.cn', 'province', '32', { kind: 'platform' }),
  service('old.gov.cn', 'province', '32', { validTo: '2026-09-30' }),
  service('ghost.gov.cn', 'province', '32', { import: 'library-broken' }),
];

const IMPORTS: readonly InsertOf<'import'>[] = [
  {
    ...{ import: 'library-1', kind: 'library-prefixes', file: 'library.csv', sizeB: 1 },
    ...{ sha256: 'ab'.repeat(32), rows: 1, by: 'wang', note: '', at: UPDATED },
  },
];

/** Day of October and time of day on Chinese clocks, as an instant. */
function at(day: number, time: string): string {
  return new Date(`2026-10-${String(day).padStart(2, '0')}T${time}+08:00`).toISOString();
}

type Row = InsertOf<'measurement'>;
type Changes = Partial<Row> & { readonly receivedAfterMs?: number };

const EMPTY = Object.fromEntries(
  Array.from({ length: 16 }, (_, slot) => [`v${slot}`, null]),
) as Partial<Row>;

let sequence = 0;

/** A row of a line's probe as the collector stores it, received a second later unless said otherwise. */
function row(on: string, start: string, changes: Changes): Row {
  const { receivedAfterMs = 1_000, ...rest } = changes;
  const day = new Date(Date.parse(start) + 8 * 3_600_000).toISOString().slice(0, 10);
  const found = LINES.findLast((each) => each.line === on && each.validFrom <= day);
  if (!found) throw new Error(`no line ${on} on ${day}`);
  const received = new Date(Date.parse(start) + receivedAfterMs).toISOString();
  return aMeasurementRow({
    ...EMPTY,
    ...{ probe: `p-${on}`, line: on, place: found.place, carrier: found.carrier },
    ...{ start, sequence: ++sequence, conflicts: [], family: 4 },
    precedence: precedenceOf(received, 1),
    ...rest,
  });
}

const PEER = { target: 'http://peer.example.cn:9090', address: '::ffff:61.155.1.9' };

/** Download, bit/s. */
const down = (on: string, day: number, time: string, rateBps: number, changes: Changes = {}) =>
  row(on, at(day, time), {
    ...{ metric: 'throughput', method: 'throughput/1', ...PEER, v0: rateBps, ...changes },
  });

/** Upload, bit/s. */
const up = (on: string, day: number, time: string, rateBps: number, changes: Changes = {}) =>
  down(on, day, time, rateBps, { v0: null, v1: rateBps, ...changes });

interface Target {
  readonly target: string;
  readonly v4: string;
  readonly v6: string;
}
const target = (name: string, v4: string): Target => ({
  ...{ target: name, v4: `::ffff:${v4}`, v6: '240e::1' },
});
/** Whose they are by the library: telecom's, cable's within telecom's, telecom's in truth, … */
const TELECOM = target('telecom.example.cn', '61.155.1.1');
const CABLE = target('cable.example.cn', '61.155.7.1');
const STILL_TELECOM = target('61.155.8.1', '61.155.8.1');
/** … mobile's until the 15th and telecom's from the 16th, … */
const PASSED_ON = target('passed-on.example.cn', '112.20.0.1');
/** … and nobody's: two say so, an enterprise's, in no entry. */
const DISPUTED = target('36.149.0.1', '36.149.0.1');
const FACTORY = target('49.65.0.1', '49.65.0.1');
const ELSEWHERE = target('8.8.8.8', '8.8.8.8');

const SENT = 10;

/** Echoes: median and p95 − minimum of the round-trip times, ms; packets sent and answered. */
function ping(
  on: string,
  day: number,
  time: string,
  { target: name, v4, v6 }: Target,
  [rttMs, jitterMs, sent = SENT, answered = sent]: readonly [number, number, number?, number?],
  changes: Changes = {},
): Row {
  const us = (ms: number) => Math.round(ms * 1_000);
  return row(on, at(day, time), {
    ...{ metric: 'icmp-rtt', method: 'icmp-rtt/1', target: name },
    address: changes.family === 6 ? v6 : v4,
    ...{ v0: us(rttMs), v1: us(rttMs), v2: us(rttMs + jitterMs), v3: us(rttMs + jitterMs) },
    ...{ v4: us(jitterMs), v5: 0, v6: Math.round(((sent - answered) / sent) * 1e6) },
    ...{ v7: sent, v8: answered, v9: 0 },
    ...changes,
  });
}
const V6: Changes = { family: 6 };
const LOADED: Changes = { conflicts: ['speed'] };
/** What a rate test saw of round trips on the full line, ms. */
const loaded = (rttMs: number): Changes => ({ v7: rttMs * 1_000 });
const NO_TIMES: Partial<Row> = { v0: null, v1: null, v2: null, v3: null, v4: null, v5: null };

const fails = (stage: string, code: string): Partial<Row> => ({ outcome: 'failed', stage, code });
const SKIPPED: Partial<Row> = { outcome: 'skipped', code: 'missed' };

/** Whether a name, a port or a page answers; over IPv6 unless said otherwise. */
const look =
  (metric: string, targetOf: (host: string) => string) =>
  (on: string, day: number, time: string, host: string, changes: Changes = {}) =>
    row(on, at(day, time), {
      ...{ metric, method: `${metric}/1`, target: targetOf(host), address: '240e::2', family: 6 },
      ...changes,
    });
const aaaa = look('dns-resolve', (host) => host);
const connect = look('tcp-connect', (host) => `${host}:443`);
const page = look('http-fetch', (host) => `https://${host}/`);
const V4: Changes = { family: 4, address: PEER.address };

const NO_AAAA = fails('answer', 'no-aaaa');

/** The same in the last millisecond before the month and in the first one after it. */
const EDGES = ['2026-09-30T15:59:59.999Z', '2026-10-31T16:00:00.000Z'];
/** In the evenings nearest to it. */
const EVENINGS = ['2026-09-30T12:00:00.000Z', '2026-11-01T12:00:00.000Z'];
const outside = (inside: Row, starts = EDGES): Row[] =>
  starts.map((start) => ({
    ...inside,
    ...{ start, sequence: ++sequence, precedence: precedenceOf(start, 1) },
  }));

export const MEASUREMENTS: readonly Row[] = [
  // Downloads.
  down('a1', 5, '10:00', 90 * M, loaded(80)),
  down('a1', 6, '19:00', 80 * M, loaded(100)),
  down('a1', 7, '22:59:59.999', 60 * M, { receivedAfterMs: 0 }),
  down('a1', 8, '23:00', 94 * M),
  // Failed, skipped, and in the other family: no run of these.
  down('a1', 9, '20:00', 0, { v0: null, ...fails('body', 'timeout') }),
  down('a1', 10, '20:00', 0, { v0: null, ...SKIPPED, code: 'peer-busy' }),
  down('a1', 11, '20:00', 85 * M, { ...V6, ...loaded(999) }),
  down('a2', 5, '09:00', 180 * M, loaded(60)),
  down('a2', 6, '20:00', 120 * M, loaded(70)),
  down('a2', 7, '21:00', 160 * M),
  down('b1', 5, '08:00', 48 * M, loaded(40)),
  down('b1', 6, '12:00', 44 * M),
  down('c1', 5, '19:30', 50 * M),
  down('c1', 6, '20:30', 30 * M),
  down('c1', 9, '03:00', 95 * M),
  // Two runs, but of one day.
  down('c2', 5, '10:00', 70 * M, loaded(500)),
  down('c2', 5, '14:00', 72 * M, loaded(500)),
  down('d1', 5, '08:00', 20 * M),
  down('d1', 20, '20:00', 10 * M),
  down('d1', 21, '21:00', 14 * M),
  down('e1', 10, '19:00', 44 * M, { probe: 'p-e1-first' }),
  down('e1', 11, '19:00', 40 * M, { probe: 'p-e1-first' }),
  down('f1', 6, '20:00', 90 * M, loaded(40)),
  down('f1', 20, '20:00', 150 * M, loaded(45)),
  down('f1', 21, '20:00', 170 * M),
  // One run.
  down('f2', 7, '09:00', 8 * M),
  // The first and the last millisecond of the month count; the one before and the one after do not.
  down('g1', 1, '00:00', 18 * M),
  down('g1', 31, '23:59:59.999', 16 * M),
  ...outside(down('g1', 1, '00:00', 1 * M)),
  ...outside(down('a1', 1, '20:00', 1 * M), EVENINGS),
  down('self', 5, '20:00', 900 * M, loaded(1)),
  down('self', 6, '20:00', 900 * M, loaded(1)),

  // Uploads.
  up('a1', 5, '11:00', 18 * M, loaded(150)),
  up('a1', 6, '11:00', 20 * M, loaded(170)),
  up('a1', 7, '11:00', 99 * M, V6),
  ...outside(up('a1', 1, '00:00', 1 * M, loaded(999))),
  up('a2', 1, '00:00', 30 * M),
  up('a2', 6, '11:00', 34 * M),
  up('c2', 5, '11:00', 5 * M, loaded(20)),
  up('c2', 6, '11:00', 6 * M, loaded(24)),
  up('d1', 5, '11:00', 1 * M, loaded(300)),
  up('f1', 6, '10:00', 10 * M, loaded(50)),
  up('f1', 20, '10:00', 14 * M, loaded(60)),
  up('self', 5, '21:00', 900 * M),
  up('self', 6, '21:00', 900 * M),

  // Echoes over IPv4.
  ping('a1', 5, '08:00', TELECOM, [10, 1]),
  ping('a1', 6, '08:00', CABLE, [30, 5, 10, 9]),
  ping('a1', 7, '08:00', PASSED_ON, [20, 3]),
  ping('a1', 20, '08:00', PASSED_ON, [24, 2]),
  ping('a1', 21, '08:00', TELECOM, [0, 0, 10, 0], { ...NO_TIMES, ...fails('echo', 'timeout') }),
  // Beside a throughput test.
  ping('a1', 1, '00:00', CABLE, [80, 60, 10, 7], LOADED),
  ping('a1', 23, '08:00', CABLE, [100, 70, 10, 7], LOADED),
  ...outside(ping('a1', 1, '00:00', CABLE, [500, 90, 10, 5])),
  ...outside(ping('a1', 1, '00:00', CABLE, [500, 90, 10, 5], LOADED)),
  // The probe lost the answers itself: it did not look, though it counted.
  ping('a1', 24, '08:00', CABLE, [0, 0, 10, 0], {
    ...NO_TIMES,
    ...SKIPPED,
    code: 'socket-overflow',
  }),
  // Nothing left the machine: no packet was lost.
  ping('a1', 25, '08:00', CABLE, [0, 0], {
    ...NO_TIMES,
    v6: null,
    v7: 0,
    v8: 0,
    ...fails('send', 'no-route'),
  }),
  ping('a2', 5, '08:00', TELECOM, [12, 1]),
  ping('a2', 6, '08:00', STILL_TELECOM, [16, 2, 20]),
  ping('a2', 7, '08:00', DISPUTED, [40, 9]),
  ping('a2', 8, '08:00', FACTORY, [44, 8]),
  ping('a2', 9, '08:00', ELSEWHERE, [48, 7]),
  ping('a2', 15, '08:00', PASSED_ON, [50, 4]),
  ping('a2', 16, '08:00', PASSED_ON, [18, 3, 10, 8]),
  ping('b1', 5, '08:30', TELECOM, [8, 1]),
  ping('b1', 1, '00:00', TELECOM, [8, 1]),
  ping('c2', 1, '00:00', TELECOM, [20, 2]),
  ping('c2', 6, '08:00', TELECOM, [26, 4, 10, 8]),
  ping('c2', 7, '08:00', DISPUTED, [60, 6]),
  // No raw socket: it never looked.
  ping('d1', 5, '08:30', TELECOM, [0, 0], {
    ...NO_TIMES,
    ...SKIPPED,
    code: 'no-raw-socket',
    v7: null,
    v8: null,
  }),
  ping('d1', 6, '08:30', TELECOM, [0, 0], {
    ...NO_TIMES,
    ...SKIPPED,
    code: 'no-raw-socket',
    v7: null,
    v8: null,
  }),
  ping('f1', 6, '08:00', TELECOM, [10, 1]),
  ping('f1', 20, '08:00', TELECOM, [14, 3]),
  ping('f1', 6, '08:10', CABLE, [40, 2]),
  ping('f1', 6, '10:05', TELECOM, [50, 9], LOADED),
  ping('f1', 20, '10:05', TELECOM, [60, 9], LOADED),
  ping('e1', 12, '08:00', TELECOM, [25, 1], { probe: 'p-e1-first' }),
  ping('self', 5, '08:00', CABLE, [0.1, 0]),
  ping('self', 6, '08:00', CABLE, [0.1, 0]),
  ping('self', 5, '08:10', CABLE, [0.1, 0], LOADED),
  ping('self', 6, '08:10', CABLE, [0.1, 0], LOADED),

  // Echoes over IPv6, towards the same targets.
  ping('a1', 5, '08:05', TELECOM, [12, 1], V6),
  ping('a1', 6, '08:05', CABLE, [36, 1, 10, 2], V6),
  ping('a1', 7, '08:05', PASSED_ON, [33, 1], V6),
  ping('a1', 22, '08:05', TELECOM, [90, 50], { ...V6, ...LOADED }),
  ping('a2', 6, '08:05', TELECOM, [30, 1], V6),
  ping('b1', 5, '08:35', TELECOM, [19, 1], V6),
  ping('b1', 6, '08:35', TELECOM, [21, 1], V6),
  ping('c2', 5, '08:05', TELECOM, [18.4, 1], V6),
  ping('f1', 6, '08:05', TELECOM, [0, 0, 10, 0], {
    ...NO_TIMES,
    ...V6,
    ...fails('echo', 'timeout'),
  }),
  ping('f1', 20, '08:05', TELECOM, [12, 1], V6),
  ping('f1', 6, '08:15', CABLE, [30, 1], V6),
  // A pair, but of one day.
  ping('e1', 12, '08:05', TELECOM, [50, 1], { ...V6, probe: 'p-e1-first' }),
  ...outside(ping('a1', 1, '00:00', TELECOM, [400, 1], V6)),
  ping('self', 5, '08:05', CABLE, [50, 1], V6),
  ping('self', 6, '08:05', CABLE, [50, 1], V6),

  // Handshakes over IPv4, where echoes are not to be had.
  connect('d1', 5, '08:40', 'peer.example.cn', V4),
  connect('d1', 6, '08:40', 'peer.example.cn', { ...V4, ...fails('connect', 'timeout') }),
  connect('d1', 7, '08:40', 'peer.example.cn', { ...V4, ...fails('connect', 'refused') }),
  connect('e1', 10, '19:10', 'peer.example.cn', { ...V4, probe: 'p-e1-first' }),
  ...outside(
    connect('a1', 1, '00:00', 'peer.example.cn', { ...V4, ...fails('connect', 'timeout') }),
  ),

  // Reached over IPv6: connects but not pages; and all of one day.
  ...[6, 20].flatMap((day) => [
    connect('f1', day, '12:10', 'peer.example.cn'),
    page('f1', day, '12:11', 'peer.example.cn', day === 20 ? fails('body', 'timeout') : {}),
  ]),
  ...['08:10', '08:20'].flatMap((time) => [
    connect('e1', 12, time, 'peer.example.cn', { probe: 'p-e1-first' }),
    page('e1', 12, time, 'peer.example.cn', { probe: 'p-e1-first' }),
  ]),

  // Services. That of the province answers line a1.
  ...[5, 6].flatMap((day) => [
    aaaa('a1', day, '12:00', 'www.jiangsu.gov.cn'),
    connect('a1', day, '12:01', 'www.jiangsu.gov.cn'),
    page('a1', day, '12:02', 'www.jiangsu.gov.cn'),
  ]),
  // A resolver that is asked over IPv4 knows the same records.
  aaaa('a2', 5, '12:00', 'www.jiangsu.gov.cn', V4),
  // Line c1 has no IPv6 at all.
  connect('c1', 5, '12:01', 'www.jiangsu.gov.cn', fails('connect', 'no-route')),
  page('c1', 5, '12:02', 'www.jiangsu.gov.cn', fails('connect', 'no-route')),
  // Nanjing's is known by two names. Of a1's connects one fails; a2's all succeed.
  aaaa('a1', 5, '12:03', 'nanjing.gov.cn'),
  aaaa('a1', 6, '12:03', 'www.nanjing.gov.cn'),
  aaaa('a1', 7, '12:03', 'nanjing.gov.cn', fails('query', 'timeout')),
  aaaa('a1', 8, '12:03', 'nanjing.gov.cn', fails('answer', 'no-a')),
  connect('a1', 5, '12:04', 'nanjing.gov.cn'),
  connect('a1', 6, '12:04', 'nanjing.gov.cn', fails('connect', 'timeout')),
  page('a1', 5, '12:05', 'www.nanjing.gov.cn'),
  page('a1', 6, '12:05', 'www.nanjing.gov.cn'),
  ...[5, 6].flatMap((day) => [
    aaaa('a2', day, '12:03', 'nanjing.gov.cn'),
    page('a2', day, '12:05', 'www.nanjing.gov.cn'),
  ]),
  connect('a2', 1, '00:00', 'nanjing.gov.cn'),
  connect('a2', 6, '12:04', 'nanjing.gov.cn'),
  connect('a2', 9, '12:04', 'nanjing.gov.cn', SKIPPED),
  ...outside(aaaa('a1', 1, '00:00', 'nanjing.gov.cn', NO_AAAA)),
  ...outside(connect('a1', 1, '00:00', 'nanjing.gov.cn', fails('connect', 'timeout'))),
  ...outside(page('a1', 1, '00:00', 'nanjing.gov.cn', fails('connect', 'timeout'))),
  // Jiangning's has no AAAA.
  ...[5, 6].flatMap((day) => [
    aaaa('a1', day, '12:06', 'jiangning.gov.cn', NO_AAAA),
    connect('a1', day, '12:07', 'jiangning.gov.cn', fails('dns', 'no-aaaa')),
    page('a1', day, '12:08', 'jiangning.gov.cn', fails('dns', 'no-aaaa')),
  ]),
  // Xuanwu's answers, but was looked at on one day alone.
  ...['12:10', '12:20'].flatMap((time) => [
    aaaa('b1', 7, time, 'xuanwu.gov.cn'),
    connect('b1', 7, time, 'xuanwu.gov.cn'),
    page('b1', 7, time, 'xuanwu.gov.cn'),
  ]),
  // Suzhou's was only looked up; what is no longer registered, or never was, is nobody's service.
  aaaa('a1', 5, '12:09', 'suzhou.gov.cn'),
  aaaa('a1', 6, '12:09', 'suzhou.gov.cn'),
  ...['old.gov.cn', 'ghost.gov.cn'].flatMap((host) =>
    [5, 6].flatMap((day) => [
      aaaa('b1', day, '12:00', host),
      connect('b1', day, '12:01', host),
      page('b1', day, '12:02', host),
    ]),
  ),

  // Five levels from line c2, over IPv4; towards the province's three times a day.
  ...[5, 6].flatMap((day) => [
    ...['12:00', '13:00', '14:00'].map((time) => page('c2', day, time, 'www.jiangsu.gov.cn', V4)),
    page('c2', day, '12:01', 'nanjing.gov.cn', V4),
    page('c2', day, '12:02', 'jiangning.gov.cn', V4),
    page('c2', day, '12:03', 'hushu.jiangning.gov.cn', V4),
    page('c2', day, '12:04', 'bing.jiangning.gov.cn', V4),
    // Of another city, and skipped: neither is a run here.
    page('c2', day, '12:05', 'suzhou.gov.cn', { ...V4, ...fails('status', 'http-403') }),
    page('c2', day, '12:06', 'bing.jiangning.gov.cn', { ...V4, ...SKIPPED }),
  ]),
  // Once; and twice in vain, which in the whole of the village is too much.
  page('a1', 5, '12:10', 'xuanwu.gov.cn', V4),
  page('a2', 5, '12:10', 'www.jiangsu.gov.cn', { ...V4, ...fails('header', 'timeout') }),
  page('a2', 6, '12:10', 'www.jiangsu.gov.cn', { ...V4, ...fails('header', 'timeout') }),
  page('d1', 5, '12:00', 'www.jiangsu.gov.cn', V4),
  page('f1', 6, '12:00', 'suzhou.gov.cn', V4),
  page('f1', 7, '12:00', 'suzhou.gov.cn', V4),
  ...['www.jiangsu.gov.cn', 'nanjing.gov.cn'].flatMap((host) =>
    [5, 6].flatMap((day) => [
      aaaa('self', day, '12:00', host, NO_AAAA),
      connect('self', day, '12:01', host, fails('connect', 'timeout')),
      page('self', day, '12:02', host, fails('connect', 'timeout')),
    ]),
  ),

  // Platforms: one answers line g1 over IPv4 and not over IPv6, the other not at all, and line f1 well.
  ...[5, 6].flatMap((day) => [
    page('g1', day, '12:00', 'tv.js.cn', V4),
    page('g1', day, '12:01', 'tv.js.cn', fails('connect', 'no-route')),
    page('g1', day, '12:02', 'iptv.js.cn', { ...V4, ...fails('header', 'timeout') }),
    page('c2', day, '12:07', 'tv.js.cn', V4),
    page('self', day, '12:03', 'tv.js.cn', { ...V4, ...fails('header', 'timeout') }),
  ]),
  ...[20, 21].map((day) => page('f1', day, '20:30', 'iptv.js.cn', V4)),
  // One run.
  page('d1', 5, '12:04', 'tv.js.cn', V4),

  // Signs of life, skipped runs among them.
  connect('b2', 10, '21:00', 'peer.example.cn', { ...V4, ...SKIPPED }),
  connect('b2', 10, '22:30', 'peer.example.cn', { ...V4, ...SKIPPED }),
  connect('e1', 31, '20:10', 'peer.example.cn', { ...V4, ...SKIPPED }),
  // Begun in one hour and received in the next.
  connect('e1', 31, '21:59:59', 'peer.example.cn', { ...V4, ...SKIPPED, receivedAfterMs: 5_000 }),
];

const statistic = (
  code: string,
  residents: number | null,
  households: number | null,
  changes: Partial<InsertOf<'place_statistic'>> = {},
): InsertOf<'place_statistic'> => ({
  ...{ code, residents, households, asOf: 2025, source: 'worked example', import: 'library-1' },
  ...{ updated: UPDATED, ...changes },
});

/** What was counted: the latest year by then, of imports that were noted. */
const STATISTICS: readonly InsertOf<'place_statistic'>[] = [
  statistic('32', 8_600, 2_750),
  statistic('3201', 4_500, 1_500),
  statistic('3201', 1, 1, { asOf: 2020, updated: '2026-10-01T00:00:00.000000Z' }),
  statistic('3201', 2, 2, { asOf: 2027 }),
  statistic('3201', 3, 3, { asOf: 2026, import: 'library-broken' }),
  statistic('320102', 3_000, 1_000),
  statistic('320115101', 800, 250),
  // Nobody counted its households.
  statistic('320115102', 500, null),
  statistic('3205', 4_000, 1_200),
];

const PLACES_HEAD = 'code,reached,technology,optical node,date reached,mobile';
const AREAS_HEAD =
  'code,subscribers,households,residents,cable households,digital households,two-way households,ipv6 terminals,terminals,hotspots,base stations,platform users';

interface Filing {
  readonly carrier: string;
  readonly received: string;
  readonly sheets: readonly (readonly string[])[];
}

/** Each as it came. Cable's came two days late; unicom's never did. */
const FILINGS: readonly Filing[] = [
  // Replaced by the one after it.
  {
    ...{ carrier: 'telecom', received: '2026-11-02T02:00:00Z' },
    sheets: [[PLACES_HEAD, `${E},yes,ftth,OLT-5,2026-01-01,`]],
  },
  {
    ...{ carrier: 'telecom', received: '2026-11-03T02:00:00Z' },
    sheets: [
      [
        PLACES_HEAD,
        `${A},yes,ftth,OLT-1,2026-01-01,`,
        // Its line is one of a building.
        `${B},yes,ftth,OLT-1,2026-01-01,`,
        `${C},yes,ftth,OLT-3,2026-01-01,`,
        `${C}-001,yes,ftth,OLT-3,2026-01-01,`,
        `${D},no,,,,`,
        `${F},yes,ftth,OLT-6,2026-01-01,`,
        `${F}-001,yes,ftth,OLT-6,2026-01-01,`,
        // No optical node.
        `${G},yes,ftth,,2026-01-01,`,
        `${H},yes,ftth,OLT-6,2026-10-30,`,
      ],
      [
        AREAS_HEAD,
        '320102,900,,,,,,800,1000,6,3,',
        '320115101,300,,,,,,100,400,,2,90',
        '320115102,150,200,,,,,,,1,,50',
        '3205,1000,,,,,,1500,2000,0,4,300',
      ],
    ],
  },
  {
    ...{ carrier: 'mobile', received: '2026-11-05T02:00:00Z' },
    sheets: [
      [
        PLACES_HEAD,
        `${A},yes,ftth,OLT-M,2026-01-01,`,
        `${C}-002,yes,ftth,OLT-M,2026-01-01,`,
        `${D},no,,,,nr`,
        `${F},no,,,,lte`,
        `${F}-001,no,,,,`,
        `${H},no,,,,none`,
      ],
      // The register has counted 4,500 residents.
      [AREAS_HEAD, '3201,600,,9999,,,,4000,5000,9,,'],
    ],
  },
  {
    ...{ carrier: 'cable', received: '2026-11-12T02:00:00Z' },
    sheets: [
      [
        PLACES_HEAD,
        `${A},no,,,,`,
        `${C},yes,docsis,,2026-01-01,`,
        `${E},yes,docsis,,2026-01-01,`,
        `${G},yes,docsis,,2026-01-01,`,
      ],
      [AREAS_HEAD, '32,700,,,3000,2400,1800,,,,,1500', '3201,500,,,2000,1800,,,,,,'],
    ],
  },
];

export const CARRIERS = ['telecom', 'mobile', 'unicom', 'cable'];

async function fileAll(store: Store): Promise<void> {
  for (const { carrier, received, sheets } of FILINGS) {
    const files = sheets.map((rows, nth) => ({
      ...{ file: `${nth}.csv`, bytes: Buffer.from(rows.join('\n')), by: 'wang', note: '' },
    }));
    const request = { carrier, month: MONTH, files, dryRun: false };
    const { version, faults } = await file(store, request, CARRIERS, new Date(received));
    if (version === null) throw new Error(`not filed: ${JSON.stringify(faults)}`);
  }
}

/** A row sent again three weeks later, with a later time of receipt. */
export const resent = (row: Row): Row => ({
  ...row,
  precedence: precedenceOf('2026-11-20T00:00:00Z', 1),
});

/** Stores the register, the library, what carriers filed and the month, of which every third row comes twice. */
export async function storeWorkedProvince(store: Store): Promise<void> {
  await store.insert('place', PLACES);
  await store.insert('line', LINES);
  await store.insert('probe', PROBES);
  await store.insert('library_prefix', PREFIXES);
  await store.insert('library_service', SERVICES);
  await store.insert('import', IMPORTS);
  await store.insert('place_statistic', STATISTICS);
  await fileAll(store);
  await store.insert('measurement', MEASUREMENTS);
  await store.insert('measurement', MEASUREMENTS.filter((_, nth) => nth % 3 === 0).map(resent));
}
