/**
 * One month of the whole province with all that a plan's targets are drawn from, made in the engine:
 * the built-in register's villages with a line of three carriers each, what their probes measured,
 * what the carriers filed, and the address and service library. For the cost of judging; what the
 * bytes of such rows cost on disk is `province.ts`'s question. Nothing of it is shipped.
 *
 * Every line has the ten runs of `RUNS` on a day of its own, and on every day or every second one
 * after that, so that a line seldom lacks the evidence a target asks for and nobody has all of it.
 */
import { monthSpan } from '../../ingest/month.ts';
import { importBuiltInRegister } from '../../ingest/register.ts';
import type { Store } from '../../sql/store.ts';

/** Who has lines and files; the plan knows a fourth, who does neither. */
export const FILING_CARRIERS = ['telecom', 'mobile', 'cable'] as const;
const DAY_MS = 86_400_000;
const IMPORT = 'bench';
const PREFIXES = 1_000;
const SERVICES_BELOW_COUNTY = 90;

/** One run of a line's day. */
interface Run {
  readonly metric: 'icmp-rtt' | 'tcp-connect' | 'http-fetch' | 'dns-resolve' | 'throughput';
  readonly task: string;
  readonly family: 4 | 6;
}

const RUNS: readonly Run[] = [
  { metric: 'icmp-rtt', task: 'echo-4', family: 4 },
  { metric: 'icmp-rtt', task: 'echo-6', family: 6 },
  { metric: 'icmp-rtt', task: 'loaded-4', family: 4 },
  { metric: 'tcp-connect', task: 'connect-4', family: 4 },
  { metric: 'tcp-connect', task: 'connect-6', family: 6 },
  { metric: 'http-fetch', task: 'page-4', family: 4 },
  { metric: 'http-fetch', task: 'page-6', family: 6 },
  { metric: 'dns-resolve', task: 'name-6', family: 6 },
  { metric: 'throughput', task: 'down-4', family: 4 },
  { metric: 'throughput', task: 'up-4', family: 4 },
];

export interface MonthOptions {
  /** About as many; below half of ten million fewer villages have lines. */
  readonly rows: number;
  /** `YYYY-MM`, Asia/Shanghai; over already. */
  readonly month: string;
  progress(text: string): void;
}

/** @returns the rows of measurement that came to be */
export async function generateMonth(
  store: Store,
  { rows, month, progress }: MonthOptions,
): Promise<number> {
  const { start, end } = monthSpan(month);
  const days = (end.getTime() - start.getTime()) / DAY_MS;
  await importBuiltInRegister(store);
  const [{ villages } = { villages: 0 }] = await store.read<{ villages: number }>(
    "SELECT count() AS villages FROM place FINAL WHERE level = 'village'",
  );
  const daily = villages * FILING_CARRIERS.length * RUNS.length;
  const everyDays = rows > daily * days * 0.75 ? 1 : 2;
  const kept = Math.min(
    villages,
    Math.ceil((rows * everyDays) / days / RUNS.length / FILING_CARRIERS.length),
  );
  for (const statement of register(kept)) await store.command(statement);
  for (const statement of library(end)) await store.command(statement);
  for (const statement of filings(month, end)) await store.command(statement);
  progress(`${kept * FILING_CARRIERS.length} lines, measured every ${everyDays} days`);
  for (let day = 0; day < days; day++) {
    await store.command(daySql(start.getTime() + day * DAY_MS, day, everyDays));
    if (day % 10 === 9) progress(`day ${day + 1} of ${days}`);
  }
  await store.command('DROP TABLE lineup SYNC');
  await store.command('DROP TABLE looking SYNC');
  const [count] = await store.read<{ n: number }>('SELECT count() AS n FROM measurement');
  return count?.n ?? 0;
}

/** Lines, probes, and `lineup`: what each is like. */
function register(villages: number): string[] {
  return [
    `CREATE OR REPLACE TABLE lineup ENGINE = MergeTree ORDER BY probe AS
     SELECT
         cityHash64(code, carrier) AS n, code AS place,
         arrayJoin(['${FILING_CARRIERS.join("', '")}']) AS carrier,
         concat(code, '-', carrier) AS line, concat('p-', line) AS probe,
         multiIf(carrier = 'cable', 'docsis', carrier = 'mobile' AND n % 2 = 0, 'lte', 'ftth') AS technology,
         if(technology = 'lte', NULL, [50000000, 100000000, 200000000, 500000000, 1000000000][n % 5 + 1]) AS downBps,
         ifNull(downBps, 30000000) AS linkBps,
         5 + n % 60 AS baseMs,
         intDiv(n, 64) % 100 < 12 AS noIpv6,
         if(intDiv(n, 128) % 100 < 6, 0.15, 0.004) AS badRatio
     FROM (SELECT code FROM place FINAL WHERE level = 'village' ORDER BY cityHash64(code) LIMIT ${villages})`,
    `INSERT INTO line (line, place, carrier, technology, subscribedDownBps, subscribedUpBps, validFrom)
     SELECT line, place, carrier, technology, toUInt64(downBps), toUInt64(intDiv(downBps, 4)), '2013-06-15' FROM lineup`,
    `INSERT INTO probe (probe, line, tokenSha256, enrolled, revoked)
     SELECT probe, line, lower(hex(SHA256(probe))), '2026-01-01 00:00:00', NULL FROM lineup`,
  ];
}

/** A service for the province, each city and county and some townships and villages; `looking`: whose is whose. */
function library(end: Date): string[] {
  return [
    `INSERT INTO import SELECT '${IMPORT}', 'library', 'bench', lower(hex(SHA256('bench'))), 0, 0, 'bench', '', fromUnixTimestamp64Milli(${end.getTime()}, 'UTC')`,
    `INSERT INTO library_prefix
     SELECT '${IMPORT}', concat(toString(36 + intDiv(number, 250)), '.', toString(number % 250), '.0.0/16'), concat('holder-', toString(number)),
         ['${FILING_CARRIERS.join("', '")}'][number % 3 + 1], '32', 'access', '', '2020-01-01', '2149-06-06', 'bench'
     FROM numbers(${PREFIXES})`,
    `INSERT INTO library_service
     SELECT '${IMPORT}', concat('s', code, '.example.net') AS name, name, name, 'agency', toString(level), code, concat('https://', name, '/'), [4, 6], [], '2020-01-01', '2149-06-06', 'bench'
     FROM
     (
         SELECT code, level FROM place FINAL WHERE level IN ('province', 'city', 'county')
         UNION ALL
         SELECT code, level FROM place FINAL WHERE level IN ('township', 'village') AND code IN
         (
             SELECT arrayJoin([place, substring(place, 1, 9)]) FROM (SELECT DISTINCT place FROM lineup ORDER BY cityHash64(place) LIMIT ${SERVICES_BELOW_COUNTY / 2})
         )
     )`,
    `CREATE OR REPLACE TABLE looking ENGINE = MergeTree ORDER BY probe AS
     SELECT lineup.*, arrayMap(area -> concat('s', area, '.example.net'), arrayFilter(area -> area IN (SELECT area FROM library_service), arrayMap(width -> substring(place, 1, width), [2, 4, 6, 9, 12]))) AS hosts
     FROM lineup`,
  ];
}

/** Of every village and every county, by each carrier; and who lives where. */
function filings(month: string, end: Date): string[] {
  const carriers = `arrayJoin(['${FILING_CARRIERS.join("', '")}']) AS carrier`;
  const received = `fromUnixTimestamp64Milli(${end.getTime() + 5 * DAY_MS}, 'UTC')`;
  const counts = (name: string, base: number) =>
    `toUInt64(${base} + cityHash64(area, '${name}') % ${base})`;
  return [
    `INSERT INTO filing_place
     SELECT '${month}', ${carriers}, '${IMPORT}', code, row, cityHash64(code, carrier, 1) % 20 != 0 AS reached,
         if(reached, if(carrier = 'cable', 'docsis', 'ftth'), ''), if(reached AND cityHash64(code, carrier, 2) % 50 != 0, concat('node-', code), ''),
         NULL, multiIf(carrier = 'cable', '', cityHash64(code, carrier, 3) % 25 = 0, 'none', 'lte'), ''
     FROM (SELECT code, rowNumberInAllBlocks() + 2 AS row FROM (SELECT code FROM place FINAL WHERE level = 'village' ORDER BY code))`,
    `INSERT INTO filing_area (month, carrier, import, area, row, subscribers, households, residents, cableHouseholds, digitalHouseholds, twoWayHouseholds, cableSubscribers, ipv6Terminals, terminals, note)
     SELECT '${month}', ${carriers}, '${IMPORT}', area, row, ${counts('subscribers', 90_000)}, ${counts('households', 250_000)}, ${counts('residents', 700_000)},
         ${counts('cable', 200_000)}, ${counts('digital', 90_000)}, ${counts('two-way', 80_000)}, ${counts('cable subscribers', 90_000)}, ${counts('ipv6', 150_000)}, ${counts('terminals', 300_000)}, ''
     FROM (SELECT code AS area, rowNumberInAllBlocks() + 2 AS row FROM (SELECT code FROM place FINAL WHERE level = 'county' ORDER BY code))`,
    `INSERT INTO filing
     SELECT '${month}', ${carriers}, '${IMPORT}', lower(hex(SHA256(carrier))), ${received}, 0, 0, 0`,
    `INSERT INTO place_statistic
     SELECT code, 2025, toUInt32(700000 + cityHash64(code) % 700000), toUInt32(250000 + cityHash64(code) % 250000), 'bench', '${IMPORT}', ${received}
     FROM place FINAL WHERE level IN ('province', 'city', 'county')`,
  ];
}

function daySql(fromMs: number, day: number, everyDays: number): string {
  const runs = RUNS.map(
    ({ metric, task, family }, nth) => `('${metric}', '${task}', ${family}, ${nth})`,
  );
  // Draws of the row's own, uniform in (0, 1].
  const u = (nth: number) => `((cityHash64(seed, ${nth}) + 1) / pow(2, 64))`;
  const nullUnless = (when: string, value: string) =>
    `if(${when}, toInt64(${value}), CAST(NULL, 'Nullable(Int64)'))`;
  const echo = "metric = 'icmp-rtt'";
  const echoed = `${echo} AND NOT bad`;
  return `INSERT INTO measurement
     (metric, probe, start, sequence, version, schedule, task, method, target, address, family, durationUs,
      outcome, stage, code, detail, conflicts, clockSynchronised, clockOffsetUs, clockUncertaintyUs, software,
      v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15,
      source, line, place, carrier, precedence)
     WITH
         run.1 AS metric, run.2 AS task, run.3 AS family, run.4 AS nth,
         cityHash64(n, ${day}, nth) AS seed,
         -- Every second throughput test in the busy hours.
         if(task = 'down-4' AND seed % 2 = 0, 68400000 + seed % 14400000, seed % 86400000) AS atMs,
         ${fromMs} + atMs AS startMs,
         noIpv6 AND family = 6 AS unrouted,
         unrouted OR ${u(1)} < badRatio AS bad,
         baseMs * (0.9 + 0.3 * ${u(2)}) * if(task = 'loaded-4', 3, 1) AS rttMs,
         linkBps * (0.7 + 0.25 * ${u(3)}) AS rateBps,
         hosts[1 + intDiv(${day}, ${everyDays}) % length(hosts)] AS host,
         cityHash64(n, intDiv(${day}, 7)) % ${PREFIXES} AS block
     SELECT
         metric, probe, fromUnixTimestamp64Milli(toInt64(startMs), 'UTC') AS start, toUInt64(${day * RUNS.length} + nth + 1), 1, 'month', task,
         concat(metric, '/1'), multiIf(metric = 'http-fetch', concat('https://', host, '/'), metric = 'tcp-connect', concat(host, ':443'), host),
         if(family = 4, toIPv6(concat('::ffff:', toString(36 + intDiv(block, 250)), '.', toString(block % 250), '.0.10')), toIPv6('2001:db8:32::10')),
         family, toUInt64(rttMs * 10000), if(bad, 'failed', 'ok'),
         multiIf(NOT bad, '', metric = 'dns-resolve', 'answer', 'connect'), multiIf(NOT bad, '', metric = 'dns-resolve', 'no-aaaa', unrouted, 'no-route', 'timeout'),
         '', if(task = 'loaded-4', ['down-4'], []), true, 0, 1024, 'tongda-probe/0.1.0',
         multiIf(${echoed}, toInt64(baseMs * 900), task = 'down-4' AND NOT bad, toInt64(rateBps), NULL),
         multiIf(${echoed}, toInt64(rttMs * 1000), task = 'up-4' AND NOT bad, toInt64(rateBps / 4), NULL),
         ${nullUnless(echoed, 'rttMs * 1200')}, ${nullUnless(echoed, 'rttMs * 1200')}, ${nullUnless(echoed, '300 * baseMs')}, ${nullUnless(echoed, '90')},
         ${nullUnless(echo, 'if(bad, 1000000, 0)')}, ${nullUnless(`metric IN ('icmp-rtt', 'throughput')`, `if(${echo}, 10, if(bad, NULL, rttMs * 3000))`)}, ${nullUnless(echo, `if(bad, 0, 10 - toInt64(${u(4)} < 0.05))`)}, ${nullUnless(echo, '0')},
         NULL, NULL, NULL, NULL, NULL, NULL,
         toIPv6(concat('::ffff:', IPv4NumToString(toUInt32(3 * 1073741824 + n % 4194304)))), line, place, carrier,
         bitShiftLeft(toUInt64(4), 52) + 4503599627370495 - toUInt64(startMs + 60000 + seed % 60000) * 1000
     FROM
     (
         SELECT *, arrayJoin([${runs.join(', ')}]) AS run
         FROM looking
         WHERE (n + ${day}) % ${everyDays} = 0
     )
     SETTINGS max_insert_threads = 1, min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0`;
}
