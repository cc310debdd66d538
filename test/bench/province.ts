/**
 * A month of a province, made in the engine: every village of the register with a line of three
 * carriers, a probe on each, and what those probes would have reported. Nothing of it is shipped.
 *
 * What a row costs on disk is decided by what cannot be foretold in it, so each column is drawn the
 * way the probe's own code makes it, noise included:
 * - a run begins on a whole second, a few milliseconds late (`runner.ts` wakes once a second), in its
 *   probe's own phase; the tasks of a schedule follow each other, later by what those before took;
 * - `sequence` counts all tasks of a probe, from the millisecond at which its spool was made;
 * - round-trip statistics are those of ten echoes or five handshakes drawn one by one;
 * - the clock's offset carries the fraction of a millisecond that the wall clock cuts off, and its
 *   uncertainty grows with the time since the last exchange (`clock.ts`); both, and the duration, are
 *   kept as coarsely as the station keeps them (`ingest/grain.ts`);
 * - the rows of a round share `received`, unless the report went out between them; a few come hours
 *   late; its microseconds are zero but where two reports met in one millisecond (`instants.ts`);
 * - a third of the lines are named by account numbers, the others after their village.
 */
import { monthSpan } from '../../ingest/month.ts';
import { importBuiltInRegister } from '../../ingest/register.ts';
import type { Store } from '../../sql/store.ts';

export const CARRIERS = ['telecom', 'mobile', 'unicom'] as const;
const DAY_MS = 86_400_000;
const SOFTWARE = ['tongda-probe/0.1.0', 'tongda-probe/0.1.1'];

interface Schedule {
  readonly name: string;
  /** Times one round of `reach`. */
  readonly periods: number;
  readonly tasks: readonly string[];
}

/** What the probes are asked to do; six rounds of `reach` for one of `rate`. */
const REACH: Schedule = {
  name: 'reach',
  periods: 1,
  tasks: ['echo-4', 'echo-6', 'connect-4', 'connect-6', 'name-4', 'name-6', 'page-4', 'page-6'],
};
const RATE: Schedule = {
  name: 'rate',
  periods: 6,
  tasks: ['down-4', 'down-6', 'up-4', 'up-6'],
};

interface Drawn {
  readonly metric: string;
  readonly schedule: Schedule;
  /** The names of its tasks, without the family. */
  readonly tasks: readonly string[];
  readonly target: string;
  /** WITH clauses the rest stands on. */
  readonly draws: readonly string[];
  /** v0, v1, … of a run that went well. */
  readonly values: readonly string[];
  /** v0, v1, … of a run that failed, where it has any. */
  readonly valuesOfFailure?: readonly string[];
  readonly durationMs: string;
  /** Of a run that failed. */
  readonly stage: string;
}

const DRAWN: readonly Drawn[] = [
  {
    metric: 'icmp-rtt',
    schedule: REACH,
    tasks: ['echo'],
    target: `if(family = 4, '203.0.113.10', '2001:db8:32::10')`,
    draws: [...samples(10), `length(sampleUs) AS received_`],
    values: [...rttValues(), 'intDiv(1000000 * (10 - received_), 10)', '10', 'received_', '0'],
    valuesOfFailure: [
      ...Array<string>(6).fill('NULL'),
      'if(unrouted, NULL, 1000000)',
      'if(unrouted, 0, 10)',
      '0',
      '0',
    ],
    durationMs: 'multiIf(unrouted, 1800, bad, 3800, 1800 + sampleUs[-1] / 1000) + 6 + 1.2 * z(20)',
    stage: 'echo',
  },
  {
    metric: 'tcp-connect',
    schedule: REACH,
    tasks: ['connect'],
    target: `if(family = 4, '203.0.113.20:443', '[2001:db8:32::20]:443')`,
    draws: [...samples(5), `length(sampleUs) AS connected_`],
    values: [...rttValues(), 'intDiv(1000000 * connected_, 5)', '5', 'connected_'],
    valuesOfFailure: [...Array<string>(6).fill('NULL'), '0', '5', '0'],
    durationMs:
      'multiIf(unrouted, 800, bad, 15800, 800 + arraySum(sampleUs) / 1000) + 4 + 0.8 * z(20)',
    stage: 'connect',
  },
  {
    metric: 'dns-resolve',
    schedule: REACH,
    tasks: ['name'],
    target: `'www.example.net'`,
    draws: [`baseMs * 0.4 - jitterMs * log(u(1)) - if(u(2) < 0.15, 30 * log(u(3)), 0) AS answerMs`],
    values: [
      'round(answerMs * 1000)',
      '0',
      // As many addresses as the resolver of its city hands out; seldom another number.
      '1 + (cityHash64(substring(place, 1, 4)) + toUInt8(u(4) < 0.02)) % 4',
      'toUInt8(cityHash64(n) % 5 = 0)',
      '0',
    ],
    durationMs: 'multiIf(unrouted, 0.5, bad, 3000, answerMs) + 0.3 - 0.2 * log(u(20))',
    stage: 'query',
  },
  {
    metric: 'http-fetch',
    schedule: REACH,
    tasks: ['page'],
    target: `'https://www.example.net/'`,
    draws: [
      `baseMs * 0.4 - jitterMs * log(u(1)) - if(u(2) < 0.1, 30 * log(u(3)), 0) AS nameMs`,
      `baseMs - jitterMs * log(u(4)) AS handshakeMs`,
      `2 * baseMs + 3 - 2 * jitterMs * log(u(5)) AS tlsMs`,
      `baseMs + 8 - 12 * log(u(6)) AS firstMs`,
      // A page that is made anew each time differs by a few bytes.
      `48211 + toInt64(cityHash64(day) % 900) + toInt64(u(7) * 40) AS bodyB`,
      `nameMs + handshakeMs + tlsMs + firstMs + bodyB * 8000 / downBps + 1.5 * baseMs - 3 * jitterMs * log(u(8)) AS totalMs`,
    ],
    values: [
      'round(nameMs * 1000)',
      'round(handshakeMs * 1000)',
      'round(tlsMs * 1000)',
      'round(firstMs * 1000)',
      'round(totalMs * 1000)',
      '200',
      'bodyB',
    ],
    durationMs: 'multiIf(unrouted, nameMs, bad, 10000, totalMs) + 0.8 - 0.4 * log(u(20))',
    stage: 'connect',
  },
  {
    metric: 'throughput',
    schedule: RATE,
    tasks: ['down', 'up'],
    target: `'http://peer.example.net:9090'`,
    draws: [
      `if(startsWith(task, 'down'), downBps, upBps) * least(1, 0.94 + 0.015 * z(1)) * if(u(3) < 0.08, 0.4 + 0.5 * u(4), 1) AS rateBps`,
      `if(u(5) < 0.7, 3000, 10000) + u(6) * 60 AS countedMs`,
    ],
    values: [
      `if(startsWith(task, 'down'), round(rateBps), NULL)`,
      `if(startsWith(task, 'up'), round(rateBps), NULL)`,
      'round(rateBps / 8 * countedMs / 1000 * (1 + 0.02 * u(7)))',
      'round(countedMs)',
      '4',
      'round(1e6 * exp(-3.4 + 0.7 * z(8)))',
    ],
    durationMs:
      'multiIf(unrouted, 1, bad, 10000, countedMs + 1000 + 5 * baseMs - 20 * log(u(19))) - log(u(20))',
    stage: 'connect',
  },
];

/** How late a task begins in its round, ms: what those before it took. */
const BEFORE_MS: Readonly<Record<string, string>> = {
  'echo-4': '0',
  'echo-6': '1810 + baseMs - 5 * log(u(40))',
  'connect-4': '3620 + 2 * baseMs - 8 * log(u(40)) - 8 * log(u(41))',
  'connect-6': '4430 + 7 * baseMs - 15 * log(u(40)) - 15 * log(u(41))',
  'name-4': '5240 + 12 * baseMs - 20 * log(u(40)) - 20 * log(u(41))',
  'name-6': '5250 + 12.4 * baseMs - 25 * log(u(40)) - 30 * log(u(41))',
  'page-4': '5260 + 12.8 * baseMs - 30 * log(u(40)) - 40 * log(u(41))',
  'page-6': '5300 + 19 * baseMs - 40 * log(u(40)) - 60 * log(u(41))',
  'down-4': '0',
  'down-6': 'if(u(42) < 0.7, 4000, 11000) + 60 * u(40) - 20 * log(u(41))',
  'up-4': '8000 + 7000 * toUInt8(u(42) * 2.7) + 120 * u(40) - 40 * log(u(41))',
  'up-6': '12000 + 7000 * toUInt8(u(42) * 3.5) + 180 * u(40) - 60 * log(u(41))',
};

export interface ProvinceOptions {
  readonly rows: number;
  /** `YYYY-MM`, Asia/Shanghai. */
  readonly month: string;
  progress(text: string): void;
}

/**
 * Registers the province's places, lines and probes and fills `measurement` with about `rows` rows,
 * merged as they would be after a while.
 *
 * Days are drawn until every task of every probe has had its turn. Later days are these again, moved
 * in time and number, every run's values drawn apart: a day is a partition and compressed by itself,
 * so it costs what one drawn anew would cost.
 *
 * @returns the rows that came to be
 */
export async function generateProvince(store: Store, options: ProvinceOptions): Promise<number> {
  const { rows, month, progress } = options;
  await enrolProvince(store);
  const [{ lines } = { lines: 0 }] = await store.read<{ lines: number }>(
    'SELECT count() AS lines FROM lineup',
  );
  const { start, end } = monthSpan(month);
  const days = (end.getTime() - start.getTime()) / DAY_MS;
  const perRound = REACH.tasks.length + RATE.tasks.length / RATE.periods;
  // Whole seconds, as schedules are written.
  const periodMs = 1000 * Math.round((lines * perRound * days * DAY_MS) / rows / 1000);
  const cycle = Math.min(days, Math.ceil((periodMs * RATE.periods) / DAY_MS));
  progress(
    `${lines} lines, each ${REACH.tasks.length} tasks every ${Math.round(periodMs / 60_000)} min; ${cycle} days are drawn`,
  );
  for (let day = 0; day < days; day++) {
    const from = start.getTime() + day * DAY_MS;
    if (day < cycle)
      for (const drawn of DRAWN)
        await store.command(daySql(drawn, { from, to: from + DAY_MS, periodMs }));
    else await store.command(laterDaySql(from, cycle, Math.ceil((cycle * DAY_MS) / periodMs)));
    if (day % 5 === 4) progress(`day ${day + 1} of ${days}`);
  }
  progress('merging');
  const parts = await store.read<{ partition: string }>(
    `SELECT DISTINCT partition FROM system.parts
     WHERE database = currentDatabase() AND table = 'measurement' AND active`,
  );
  // One at a time: all of them at once would outlast a request.
  for (const { partition } of parts)
    await store.command(`OPTIMIZE TABLE measurement PARTITION ID '${partition}' FINAL`);
  await store.command('DROP TABLE lineup SYNC');
  const [count] = await store.read<{ n: number }>('SELECT count() AS n FROM measurement');
  return count?.n ?? 0;
}

/** The day `cycle` days before `from`, moved there; `rounds` of `reach` lie between. */
function laterDaySql(from: number, cycle: number, rounds: number): string {
  const apart = `toInt64(cityHash64(sequence, ${from}) % 2001) - 1000`;
  const moved = (slot: number) => {
    const near = `greatest(50, v${slot} + ${apart})`;
    if (slot === 0)
      return `multiIf(metric = 'throughput', v0 + 997 * (${apart}), metric = 'http-fetch', v0, ${near})`;
    return `if(metric IN ('icmp-rtt', 'tcp-connect'), ${near}, v${slot})`;
  };
  const values = Array.from({ length: 16 }, (_, slot) =>
    slot < 4 ? nullable(`isNull(v${slot})`, moved(slot)) : `v${slot}`,
  );
  return `INSERT INTO measurement (metric, probe, start, sequence, ${UNMOVED}, ${SLOTS}, precedence)
     SELECT metric, probe, start + toIntervalDay(${cycle}), sequence + ${rounds * (REACH.tasks.length + RATE.tasks.length)}, ${UNMOVED},
         ${values.join(', ')}, precedence - ${cycle * DAY_MS * 1000}
     FROM measurement
     WHERE start >= fromUnixTimestamp64Milli(${from - cycle * DAY_MS}, 'UTC') AND start < fromUnixTimestamp64Milli(${from - (cycle - 1) * DAY_MS}, 'UTC')
     SETTINGS max_insert_threads = 2`;
}

/**
 * NULL where `none`, with nothing under it: an insert leaves a zero there, while `if` alone would
 * leave, and store, what the other branch had.
 */
function nullable(none: string, value: string): string {
  return `if(${none}, NULL, if(${none}, 0, assumeNotNull(${value})))`;
}

const SLOTS = Array.from({ length: 16 }, (_, slot) => `v${slot}`).join(', ');
/** What a later day has as it is. */
const UNMOVED =
  'version, schedule, task, method, target, address, family, durationUs, outcome, stage, code, detail, conflicts, clockSynchronised, clockOffsetUs, clockUncertaintyUs, software, source, line, place, carrier';

/** A line of each carrier in every village, since 2013, and `lineup`: what each of them is like. */
async function enrolProvince(store: Store): Promise<void> {
  await importBuiltInRegister(store);
  await store.command(
    `CREATE OR REPLACE TABLE lineup ENGINE = MergeTree ORDER BY probe AS
     WITH
         cityHash64(code, carrier) AS h,
         sqrt(-2 * log((cityHash64(h, 1) + 1) / pow(2, 64))) * cos(2 * pi() * cityHash64(h, 2) / pow(2, 64)) AS z1,
         sqrt(-2 * log((cityHash64(h, 3) + 1) / pow(2, 64))) * cos(2 * pi() * cityHash64(h, 4) / pow(2, 64)) AS z2
     SELECT
         h AS n,
         code AS place,
         arrayJoin(['${CARRIERS.join("', '")}']) AS carrier,
         concat(code, '-', carrier) AS probe,
         if(carrier = 'telecom', concat('dx', leftPad(toString(cityHash64(h, 5) % 100000000000), 11, '0')), concat(carrier, '-', code)) AS line,
         exp(2.1 + 0.45 * z1) AS baseMs,
         exp(-0.7 + 0.6 * z2) AS jitterMs,
         [50e6, 100e6, 200e6, 300e6, 500e6, 1000e6][cityHash64(h, 6) % 6 + 1] AS downBps,
         downBps / [10, 5, 4, 2][cityHash64(h, 7) % 4 + 1] AS upBps,
         1789000000000 + cityHash64(h, 8) % 5000000000 AS firstSequence,
         3000 * sqrt(-2 * log((cityHash64(h, 12) + 1) / pow(2, 64))) * cos(2 * pi() * cityHash64(h, 13) / pow(2, 64)) AS clockUs,
         cityHash64(h, 9) % 100 < 5 AS noRawSocket,
         cityHash64(h, 10) % 100 < 12 AS noIpv6,
         if(cityHash64(h, 11) % 100 < 6, 0.15, 0.004) AS badRatio
     FROM (SELECT code FROM place FINAL WHERE level = 'village')`,
  );
  await store.command(
    `INSERT INTO line (line, place, carrier, technology, subscribedDownBps, subscribedUpBps, validFrom)
     SELECT line, place, carrier, 'ftth', toUInt64(downBps), toUInt64(upBps), '2013-06-15' FROM lineup`,
  );
  await store.command(
    `INSERT INTO probe (probe, line, tokenSha256, enrolled, revoked)
     SELECT probe, line, lower(hex(SHA256(probe))), '2026-01-01 00:00:00', NULL FROM lineup`,
  );
}

interface DayOptions {
  /** ms, half-open. */
  readonly from: number;
  readonly to: number;
  /** Of a round of `reach`. */
  readonly periodMs: number;
}

function daySql(drawn: Drawn, { from, to, periodMs }: DayOptions): string {
  const { schedule } = drawn;
  const period = periodMs * schedule.periods;
  const other = schedule === REACH ? RATE : REACH;
  const otherPeriod = periodMs * other.periods;
  const phase = (name: string, ms: number) => `cityHash64(n, '${name}') % ${ms}`;
  const tasks = schedule.tasks.filter((task) => drawn.tasks.includes(task.slice(0, -2)));
  const slots = (values: readonly string[]) =>
    Array.from({ length: 16 }, (_, slot) => values[slot] ?? 'NULL');
  const failure = slots(drawn.valuesOfFailure ?? []);
  const before = `multiIf(${tasks.map((task) => `task = '${task}', ${BEFORE_MS[task]}`).join(', ')}, 0)`;
  const values = slots(drawn.values).map((value, slot) =>
    value === 'NULL'
      ? `NULL AS v${slot}`
      : `${nullable(
          `multiIf(skipped, 1, bad, isNull(${failure[slot]}), isNull(${value}))`,
          `multiIf(bad, ifNull(${failure[slot]}, 0), toInt64(ifNull(${value}, 0)))`,
        )} AS v${slot}`,
  );
  const draws = [
    `intDiv(${from}, ${DAY_MS}) AS day`,
    `${phase(schedule.name, period)} AS phase`,
    `slot * ${period} + phase AS slotMs`,
    `cityHash64(n, slot, '${schedule.name}') AS round`,
    `cityHash64(round, task) AS seed`,
    `toUInt8(right(task, 1)) AS family`,
    // The second at which the probe wakes, and how late.
    `ceil(slotMs / 1000) * 1000 + 1 - floor(2 * log((cityHash64(round, 1) + 1) / pow(2, 64))) AS wakeMs`,
    `toInt64(wakeMs + ${before}) AS startMs`,
    `'${drawn.metric}' = 'icmp-rtt' AND noRawSocket AS skipped`,
    `NOT skipped AND family = 6 AND noIpv6 AS unrouted`,
    `NOT skipped AND (unrouted OR u(30) < badRatio) AS bad`,
    ...drawn.draws,
    `if(skipped, 0.05, ${drawn.durationMs}) AS durationMs`,
    // The probe hears from the station twice a minute; every second time it reports. One round in
    // two hundred waits for hours in the spool.
    `wakeMs - (cityHash64(round, 2) % 30000) AS heardMs`,
    `heardMs + 30000 * (1 + cityHash64(round, 8) % 2) + if(cityHash64(round, 3) % 200 = 0, 1000 * (cityHash64(round, 4) % 40000), 0) AS reportMs`,
    `startMs + durationMs AS endMs`,
    `toInt64(reportMs + 60000 * ceil(greatest(0, endMs - reportMs) / 60000)) AS receivedMs`,
    `toUInt64(floor((startMs - heardMs) / 30000)) AS exchange`,
    `startMs - heardMs - 30000 * exchange AS ageMs`,
    // What one exchange took, beyond the shortest way, and how much of it on the way there.
    `-1.5 * log((cityHash64(round, exchange, 1) + 1) / pow(2, 64)) AS queuedMs`,
    `cityHash64(round, exchange, 2) / pow(2, 64) AS there`,
    `toInt64(if(cityHash64(round, 5) % 25 = 0, 1 + cityHash64(round, 6) % 3, 0)) AS receivedUs`,
  ];
  return expanded(`INSERT INTO measurement
     (metric, probe, start, sequence, version, schedule, task, method, target, address, family, durationUs,
      outcome, stage, code, detail, conflicts, clockSynchronised, clockOffsetUs, clockUncertaintyUs, software,
      ${Array.from({ length: 16 }, (_, slot) => `v${slot}`).join(', ')},
      source, line, place, carrier, precedence)
     WITH ${draws.join(',\n          ')}
     SELECT
         '${drawn.metric}' AS metric, probe, fromUnixTimestamp64Milli(startMs, 'UTC') AS start,
         firstSequence + ${schedule.tasks.length} * slot + ${other.tasks.length} * (1 + intDiv(slotMs - ${phase(other.name, otherPeriod)}, ${otherPeriod}))
             + indexOf(['${schedule.tasks.join("', '")}'], task) AS sequence,
         1 AS version, '${schedule.name}' AS schedule, task, '${drawn.metric}/1' AS method, ${drawn.target} AS target,
         multiIf(skipped OR family = 6 AND noIpv6 AND '${drawn.metric}' = 'http-fetch', toIPv6('::'),
             family = 4, toIPv6(concat('::ffff:203.0.113.', toString(${addressOf(drawn.metric)}))),
             toIPv6(concat('2001:db8:32::', toString(${addressOf(drawn.metric)})))) AS address,
         family, toUInt64(round(durationMs * 1000 / 128) * 128) AS durationUs,
         multiIf(skipped, 'skipped', bad, 'failed', 'ok') AS outcome,
         multiIf(NOT bad, '', unrouted AND metric = 'icmp-rtt', 'send', '${drawn.stage}') AS stage,
         multiIf(skipped, 'no-raw-socket', NOT bad, '', unrouted, 'no-route', u(32) < 0.8, 'timeout', u(32) < 0.9, 'refused', 'reset') AS code,
         '' AS detail, if(u(33) < 0.003, ['down-4'], []) AS conflicts,
         if(cityHash64(n, 'ntp') % 5 = 0, NULL, true) AS clockSynchronised,
         toInt64(round((clockUs + 1000 * queuedMs * (there - 0.5) - cityHash64(round, exchange, 3) % 1000 + 1000 * u(34)) / 128) * 128) AS clockOffsetUs,
         toUInt64(ceil((500 * (1.1 * baseMs + queuedMs) + ageMs / 10 + 64) / 128) * 128) AS clockUncertaintyUs,
         ['${SOFTWARE.join("', '")}'][1 + toUInt8(cityHash64(n, 'software') % 10 = 0)] AS software,
         ${values.join(', ')},
         if(cityHash64(n, 'source') % 10 < 7,
             toIPv6(concat('::ffff:', IPv4NumToString(toUInt32(3 * 1073741824 + cityHash64(n, day) % 4194304)))),
             CAST(unhex(concat('240e', leftPad(hex(cityHash64(n, day) % 281474976710656), 12, '0'), leftPad(hex(cityHash64(n, day, 1)), 16, '0'))), 'FixedString(16)')::IPv6) AS source,
         line, place, carrier,
         bitShiftLeft(toUInt64(4), 52) + 4503599627370495 - receivedMs * 1000 - receivedUs AS precedence
     FROM
     (
         SELECT *, arrayJoin(['${tasks.join("', '")}']) AS task,
             arrayJoin(range(
                 toUInt64(ceil((${from} - ${phase(schedule.name, period)}) / ${period})),
                 toUInt64(ceil((${to} - ${phase(schedule.name, period)}) / ${period})))) AS slot
         FROM lineup
     )
     -- A probe that is without power runs nothing.
     WHERE cityHash64(round, 7) % 300 != 0
     SETTINGS max_insert_threads = 2`);
}

/** Writes out `u(7)`, uniform in (0, 1], and `z(7)`, standard normal: the row's own seventh draws. */
function expanded(sql: string): string {
  return sql
    .replace(/\bz\((\d+)\)/g, 'sqrt(-2 * log(u($1))) * cos(2 * pi() * u(9$1))')
    .replace(/\bu\((\d+)\)/g, '((cityHash64(seed, $1) + 1) / pow(2, 64))');
}

/** Ten echoes or five handshakes one by one, µs, those lost left out; ascending in `sortedUs`. */
function samples(count: number): string[] {
  return [
    `baseMs * exp(0.08 * z(50)) AS runMs`,
    `arrayMap(i -> toInt64(1000 * (runMs - jitterMs * log((cityHash64(seed, 'p', i) + 1) / pow(2, 64))
        + if(cityHash64(seed, 'q', i) % 100 = 0, cityHash64(seed, 'r', i) % 40, 0))),
        arrayFilter(i -> i = 0 OR cityHash64(seed, 'l', i) / pow(2, 64) > badRatio / 2, range(${count}))) AS sampleUs`,
    `arraySort(sampleUs) AS sortedUs`,
  ];
}

/** Statistics of `sampleUs` as `sample.ts` has them, in the order of `RTT_VALUES`. */
function rttValues(): string[] {
  const median =
    '(sortedUs[intDiv(length(sortedUs) + 1, 2)] + sortedUs[intDiv(length(sortedUs), 2) + 1]) / 2';
  // The rank of p95 is that of the maximum for twenty samples and fewer.
  return [
    'sortedUs[1]',
    `round(${median})`,
    'sortedUs[-1]',
    'sortedUs[-1]',
    'sortedUs[-1] - sortedUs[1]',
    'round(ifNotFinite(arrayAvg(arrayMap(i -> abs(sampleUs[i + 1] - sampleUs[i]), range(1, length(sampleUs)))), 0))',
  ];
}

/** The last number of the address used: a page comes from whichever of its servers is near. */
function addressOf(metric: string): string {
  if (metric === 'http-fetch')
    return `30 + (cityHash64(substring(place, 1, 4)) + toUInt8(u(37) < 0.3)) % 20`;
  return { 'icmp-rtt': '10', 'tcp-connect': '20', 'dns-resolve': '53' }[metric] ?? '90';
}
