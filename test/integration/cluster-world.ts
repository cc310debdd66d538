/** What the cluster's tests store: a small province with resends, corrections and second thoughts, seeded. */
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { rollUp } from '../../api/rollup-keeper.ts';
import { precedenceOf } from '../../sql/precedence.ts';
import type { InsertName, InsertOf } from '../../sql/rows.ts';
import type { Store } from '../../sql/store.ts';
import type { Chance } from '../chance.ts';
import { aMeasurementRow } from '../measurement-row.ts';

export const PROBES = Array.from({ length: 9 }, (_, index) => `probe-${index}`);
export const FROM = Date.parse('2026-10-29T03:00:00.000Z');
export const SHA256 = 'ab'.repeat(32);

export const PLAN = uncheckedPlanOf('jiangsu-2013');

export type Step = (store: Store) => Promise<void>;

export function put<Name extends InsertName>(table: Name, rows: readonly InsertOf<Name>[]): Step {
  return (store) => store.insert(table, rows);
}

/** What stations of a province store in some days, with resends, corrections and second thoughts. */
export function provinceSteps(random: Chance): Step[] {
  const measured = PROBES.flatMap((probe) => measurementsOf(probe, random));
  const resent = measured.map((row) => ({
    ...row,
    precedence: precedenceOf('2026-11-20T00:00:00Z', 1),
  }));
  const rejudged = random.shuffled(measured).slice(0, 20);
  const steps: Step[] = [];
  for (let at = 0; at < measured.length; at += 100)
    steps.push(put('measurement', random.shuffled(measured.slice(at, at + 130))));
  for (let again = 0; again < 5; again++) {
    const from = random.below(resent.length);
    steps.push(put('measurement', resent.slice(from, from + 1 + random.below(200))));
  }
  return [
    ...references(),
    ...random.shuffled(steps),
    put('measurement', resent),
    put(
      'measurement',
      rejudged.map((row) => ({ ...row, precedence: precedenceOf('2026-11-21T00:00:00Z', 2) })),
    ),
    ...quarantined(random),
    async (store) => {
      await rollUp(store, PLAN);
    },
  ];
}

export function measurementsOf(
  probe: string,
  { below, coin, oneOf }: Chance,
): InsertOf<'measurement'>[] {
  const number = PROBES.indexOf(probe);
  return Array.from({ length: 80 }, (_, index) => {
    const start = FROM + index * 10_000_000 + number;
    const fate = below(20);
    const slot = (most: number) => (fate < 3 || coin(0.1) ? null : below(most));
    const metric = oneOf(['icmp-rtt', 'tcp-connect', 'http-fetch', 'throughput', 'dns-resolve']);
    const service = `${oneOf(PROBES)}.cn`;
    return aMeasurementRow({
      metric,
      method: `${metric}/1`,
      probe,
      start: new Date(start).toISOString(),
      sequence: index + 1,
      family: metric === 'throughput' ? 4 : oneOf([4, 6]),
      target:
        { 'http-fetch': `https://${service}/`, 'tcp-connect': `${service}:443` }[metric] ?? service,
      // Of the library's, of which each is another carrier's than the line's.
      address: `::ffff:58.240.${below(PROBES.length)}.7`,
      conflicts: coin(0.3) ? ['throughput'] : [],
      outcome: fate === 0 ? 'skipped' : fate < 3 ? 'failed' : 'ok',
      stage: fate === 1 ? 'connect' : '',
      code: fate === 1 ? 'timeout' : '',
      ...{
        v0: slot(1e8),
        v1: slot(1e8),
        v2: slot(1e6),
        v3: slot(1e6),
        v4: slot(100),
        v5: slot(10),
        ...(metric === 'throughput' && fate > 2 ? { v7: 1_000 * (index + 1) } : {}),
        ...(metric === 'icmp-rtt' && fate > 0 ? { v7: 10, v8: fate < 3 ? 0 : 10 - below(3) } : {}),
      },
      precedence: precedenceOf(new Date(start + 5_000).toISOString(), 1),
      line: `line-${number}`,
      place: `32010600100${number}`,
      // As registered at the time, which is one for all rows of a line and an instant.
      carrier: index % 16 < 8 ? 'mobile' : 'telecom',
    });
  });
}

function references(): Step[] {
  const updated = '2026-10-01T00:00:00.000000Z';
  const later = '2026-10-02T00:00:00.000000Z';
  const lines = PROBES.map((_, number) => ({
    line: `line-${number}`,
    place: `32010600100${number}`,
    carrier: 'telecom',
    // Several: of one at least the line and what its probe measured lie on different shards.
    technology: number % 4 === 0 ? 'loopback' : 'ftth',
    subscribedDownBps: 500_000_000,
    subscribedUpBps: null,
    validFrom: '2026-10-01',
    validTo: '2026-11-05',
    updated,
  }));
  const probes = PROBES.map((probe, number) => ({
    ...{ probe, line: `line-${number}`, tokenSha256: SHA256 },
    ...{ enrolled: '2026-10-01T00:00:00.000Z', revoked: null, updated },
  }));
  return [
    put(
      'place',
      PROBES.map((_, number) => ({
        ...{ code: `32010600100${number}`, name: `村${number}`, level: 'village' as const },
        ...{ parent: '320106001', kind: '220', validFrom: '2013-06-15', source: 'test', updated },
      })),
    ),
    ...imported(updated),
    put('line', lines),
    put('line', lines),
    put(
      'line',
      lines.map((line) => ({ ...line, validFrom: '2026-11-06', validTo: '2149-06-06' })),
    ),
    put('line', [{ ...lines[4], carrier: 'mobile', updated: later } as InsertOf<'line'>]),
    put('probe', probes),
    put('probe', [
      { ...probes[3], revoked: '2026-11-01T00:00:00.000Z', updated: later } as InsertOf<'probe'>,
    ]),
    ...['import-1', 'import-2'].flatMap((name, number) => [
      put(
        'library_prefix',
        PROBES.map((_, at) => ({
          ...{ import: name, prefix: `58.240.${at}.0/24`, holder: `holder-${number * (at % 2)}` },
          ...{ carrier: 'unicom', area: '3201', purpose: 'access', partOf: '' },
          ...{ validFrom: '2026-10-01', validTo: '2149-06-06', source: 'test' },
        })),
      ),
      put(
        'library_service',
        PROBES.map((probe, nth) => ({
          ...{ import: name, name: `${probe}.cn`, original: `${probe}.cn`, holder: name },
          ...{
            kind: nth % 2 ? 'platform' : 'agency',
            level: 'city',
            area: '3201',
            url: `https://${probe}.cn/`,
          },
          ...{ families: [4, 6], lines: ['line-1'], validFrom: '2026-10-01' },
          ...{ validTo: '2149-06-06', source: 'test' },
        })),
      ),
      put('import', [
        {
          ...{ import: name, kind: 'library-prefixes', file: 'a.csv', sha256: SHA256, sizeB: 9 },
          ...{ rows: 18, by: 'wang', note: '', at: `2026-10-0${number + 1}T00:00:00.000000Z` },
        },
      ]),
    ]),
    ...filed(),
    ...disputed(),
    put(
      'retired_day',
      PROBES.map((_, number) => ({
        ...{ table: 'measurement', day: `2024-05-1${number}`, at: '2026-11-01T20:30:00.000000Z' },
        ...{ rule: 'failures-kept' as const, limitDays: 400, rowsBefore: 9, rowsKept: number },
        done: true,
      })),
    ),
    ...[1, 1, 2].map((edition) =>
      put(
        'edition',
        ['2026-07', '2026-08', '2026-09', '2026-10'].map((month) => ({
          ...{ month, edition, sealed: '2026-11-03T03:00:00.000Z', sha256: SHA256 },
          document: `{"month":"${month}"}`,
        })),
      ),
    ),
  ];
}

/** One month's filings of many carriers, under a noted import. */
function filed(): Step[] {
  const carriers = ['mobile', 'telecom', 'unicom', 'cable', 'fifth', 'sixth', 'seventh', 'eighth'];
  const keys = carriers.map((carrier) => ({ month: '2026-10', carrier, import: 'import-1' }));
  const others = { hotspots: 1, baseStations: 2, platformUsers: 3, note: '' };
  return [
    put(
      'filing_token',
      carriers.map((carrier, number) => ({
        ...{ carrier, tokenSha256: SHA256, issued: '2026-10-01T00:00:00.000Z' },
        revoked: number % 2 ? '2026-10-02T00:00:00.000Z' : null,
      })),
    ),
    put(
      'filing',
      keys.map((key) => ({
        ...{ ...key, sha256: SHA256, received: '2026-11-03T00:00:00.000000Z' },
        ...{ places: PROBES.length, areas: PROBES.length, warnings: 0 },
      })),
    ),
    put(
      'filing_place',
      keys.flatMap((key) =>
        ['', '-001'].flatMap((hamlet) =>
          PROBES.map((_, number) => ({
            ...{ ...key, place: `32010600100${number}${hamlet}`, row: number + 2, reached: true },
            ...{ technology: 'ftth', opticalNode: 'OLT-1', reachedOn: '2026-10-08' },
            ...{ mobile: 'nr', note: '' },
          })),
        ),
      ),
    ),
    put(
      'filing_area',
      keys.flatMap((key) =>
        PROBES.map((_, number) => ({
          ...{ ...key, area: `32010600${number}`, row: number + 2, tierBelow4: 1, tier4: null },
          ...{ tier12: null, tier20: null, tier50: null, tier100: null, tier1000: null },
          ...{ subscribers: 9, households: 9, residents: 20 + number, cableHouseholds: 8 },
          ...{ digitalHouseholds: 7, twoWayHouseholds: number, cableSubscribers: null },
          ...{ ipv6Terminals: number, terminals: 9, ...others },
        })),
      ),
    ),
  ];
}

/** A challenge of each carrier's standing, opened and replied to. */
function disputed(): Step[] {
  const none = { sets: '', setsAside: [], linesPassed: [], linesFailed: ['line-1'] };
  return (['opened', 'rebutted'] as const).map((kind, number) =>
    put(
      'challenge_event',
      PROBES.map((probe, index) => ({
        ...{ month: '2026-10', challenge: `20261103-${index}`, event: `${kind}-${index}`, kind },
        ...{ at: `2026-11-0${number + 3}T00:00:00.00000${index}Z`, party: 'telecom', by: 'li' },
        ...{ entered: 'authority', text: '因', target: 'access-rate', place: '320106001000' },
        ...{ carrier: 'telecom', probes: [probe], sequences: [3], replyDays: 30, decisionDays: 30 },
        ...{ starts: ['2026-11-02T00:00:00.000Z'], files: ['a.pdf'], fileSha256s: [SHA256] },
        ...{ fileSizesB: [9], ...none, standing: 'contradicted', method: 'standing/1' },
        ...{ minimumRuns: 3, minimumDays: 2, atLeast: 20e6, filing: 'import-1', row: 2 },
        ...{ reached: true, technology: 'ftth', opticalNode: 'OLT-1' },
      })),
    ),
  );
}

/** Villages that merge into the first, by imports of which one was never noted. */
function imported(updated: string): Step[] {
  const name = (number: number) => `20261001T00000${number}Z-cluster`;
  const villages = PROBES.map((_, number) => ({
    ...{ code: `32010600100${number}`, name: `村${number}`, level: 'village' as const },
    ...{ parent: '320106001', kind: '220', validFrom: '2013-06-15', validTo: '2026-10-31' },
    ...{ source: 'test', updated: '2026-10-03T00:00:00.000000Z', import: name(number) },
    ...{ ending: 'merge', successors: ['320106001000'], outside: false, note: '' },
    ...{ lat: 32.05, lon: 118.7 + number, givenLat: 32.05, givenLon: 118.7, crs: 'BD09' },
  }));
  return [
    put('place', villages.slice(5)),
    put(
      'line',
      PROBES.map((_, number) => ({
        ...{
          line: `line-${number}`,
          place: '320106001000',
          carrier: 'telecom',
          technology: 'ftth',
        },
        ...{
          subscribedDownBps: 1e9,
          subscribedUpBps: null,
          opticalNode: 'OLT-1',
          onu: `${number}`,
        },
        ...{ validFrom: '2026-11-20', validTo: '2149-06-06', updated, import: name(number) },
      })),
    ),
    put(
      'place_statistic',
      PROBES.map((_, number) => ({
        ...{ code: `32010600100${number}`, asOf: 2025, residents: 100 + number, households: null },
        ...{ source: '年鉴', import: name(number), updated },
      })),
    ),
    put(
      'import',
      PROBES.slice(0, -1).map((_, number) => ({
        ...{ import: name(number), kind: 'places', file: 'places.csv', sha256: SHA256 },
        ...{ sizeB: 100, rows: 3, by: 'wang', note: '', at: updated },
      })),
    ),
  ];
}

function quarantined({ below }: Chance): Step[] {
  const entries = PROBES.flatMap((probe, number) =>
    Array.from({ length: 4 }, (_, index) => ({
      ...{ probe, sha256: `${number}${index}`.padEnd(64, 'c'), sequence: below(100), line: index },
      ...{ code: index % 2 ? 'month-uncertain' : 'value-out-of-range', reason: 'as it was' },
      ...{ original: `original ${number} ${index}`, source: '2001:db8::2' },
      received: new Date(FROM + (number * 10 + index) * 1e7).toISOString(),
    })),
  );
  const released = entries.slice(5, 15).map(({ code, probe, sha256, sequence }) => ({
    ...{ at: '2026-11-20T00:00:00.000000Z', code, probe, sha256, sequence },
    ...{ by: 'wang', why: '已核对', vouchedClock: true, admission: 2 },
  }));
  const samples = PROBES.flatMap((probe) =>
    Array.from({ length: 10 }, (_, index) => ({
      ...{ probe, sequence: index * 5, metric: 'icmp-rtt', samples: [below(100), 1.5] },
      start: new Date(FROM + index * 4e7).toISOString(),
    })),
  );
  return [
    put('quarantine', entries),
    put('quarantine', entries.slice(3, 20)),
    put('quarantine_log', released),
    put('quarantine_log', released),
    put('sample', samples),
    put('sample', samples.slice(20, 70)),
  ];
}
