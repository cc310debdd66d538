/**
 * How fast measurements become durable: `store.insert` from this process against the engine's own
 * INSERT … SELECT of the same rows, in the same batches, into an identical table with the same
 * fsync settings. The two take turns, so that both meet the same disk.
 */
import { pino } from 'pino';
import { startEngine } from '../../sql/engine.ts';
import { migrate } from '../../sql/migrate.ts';
import type { InsertOf } from '../../sql/rows.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { type Bench, type BenchContext, type Ratio, ratioOf } from './bench.ts';

const ROWS = 200_000;
const BATCHES = [1_000, 10_000];

export const insertBench: Bench = {
  name: 'insert',
  run: async ({ directory, progress }: BenchContext) => {
    const log = pino({ level: 'silent' });
    const engine = await startEngine({ directory, log });
    const store = await openStore({ ...engine, log });
    try {
      await migrate(store);
      progress(`generating ${ROWS} rows in ClickHouse ${engine.version}`);
      await generate(store);
      const ratios: Ratio[] = [];
      for (const batch of BATCHES) {
        progress(`inserting in batches of ${batch}`);
        ratios.push(await race(store, batch));
      }
      return [...ratios, await bytesPerRow(store)];
    } finally {
      await store.close();
      await engine.stop();
    }
  },
};

/**
 * A day of 500 probes: five metrics in turn over both families, round-trip times around a level of
 * the probe's own with a long tail, one run in fifty failed, every run a few milliseconds late.
 */
async function generate(store: Store): Promise<void> {
  await store.command('CREATE TABLE source AS measurement ENGINE = MergeTree ORDER BY sequence');
  await store.command(
    `INSERT INTO source
     WITH
         number % 500 AS n,
         cityHash64(number) AS h,
         30 + n % 40 + pow(10, (h % 1000) / 400) AS rtt,
         h % 50 = 0 AS lost
     SELECT
         ['icmp-rtt', 'tcp-connect', 'dns', 'http-fetch', 'throughput'][intDiv(number, 500) % 5 + 1] AS metric,
         concat('probe-', leftPad(toString(n), 5, '0')) AS probe,
         toDateTime64('2026-11-23 16:00:00', 3, 'UTC') + toIntervalMillisecond(intDiv(number, 500) * 200000 + h % 900) AS start,
         number AS sequence,
         1 AS version, 'every-200-s' AS schedule, concat(metric, '-', toString(n % 2)) AS task,
         concat(metric, '/1') AS method, concat('target-', toString(n % 20), '.example.net') AS target,
         toIPv6(n % 2 ? concat('2001:db8::', toString(n % 20)) : concat('::ffff:192.0.2.', toString(n % 20))) AS address,
         n % 2 ? 6 : 4 AS family,
         toUInt64(rtt * 10000) AS durationUs,
         lost ? 'failed' : 'ok' AS outcome, lost ? 'connect' : '' AS stage, lost ? 'timeout' : '' AS code,
         '' AS detail, [] AS conflicts, true AS clockSynchronised, toInt64(h % 4000) - 2000 AS clockOffsetUs,
         1000 + h % 3000 AS clockUncertaintyUs, 'tongda-probe/0.1.0' AS software,
         lost ? NULL : toInt64(rtt * 1000) AS v0, lost ? NULL : toInt64(rtt * 1300) AS v1,
         lost ? NULL : toInt64(rtt * 900) AS v2, 10 AS v3, lost ? 0 : 10 AS v4, lost ? 1000000 : 0 AS v5,
         NULL AS v6, NULL AS v7, NULL AS v8, NULL AS v9, NULL AS v10, NULL AS v11, NULL AS v12, NULL AS v13,
         NULL AS v14, NULL AS v15,
         toIPv6(concat('2001:db8:', hex(n), '::1')) AS source, concat('line-', toString(n)) AS line,
         concat('3201', leftPad(toString(n % 100), 8, '0')) AS place,
         ['telecom', 'mobile', 'unicom', 'cable'][n % 4 + 1] AS carrier,
         bitShiftLeft(toUInt64(1), 52) + 4503599627370495 - 1000 * toUnixTimestamp64Milli(start) - 1000000 - h % 60000000 AS precedence
     FROM numbers(${ROWS})`,
  );
}

async function race(store: Store, batch: number): Promise<Ratio> {
  await store.command('TRUNCATE TABLE measurement');
  await store.command('DROP TABLE IF EXISTS referee SYNC');
  await store.command('CREATE TABLE referee AS measurement');
  let oursMs = 0;
  let refereeMs = 0;
  for (let from = 0; from < ROWS; from += batch) {
    const span = { from, to: from + batch };
    const rows = await store.read<InsertOf<'measurement'>>(
      'SELECT * FROM source WHERE sequence >= {from:UInt64} AND sequence < {to:UInt64}',
      span,
    );
    const ours = () => store.insert('measurement', rows);
    const referee = () =>
      store.command(
        `INSERT INTO referee SELECT * FROM source
         WHERE sequence >= {from:UInt64} AND sequence < {to:UInt64}`,
        span,
      );
    if ((from / batch) % 2) {
      oursMs += await timeMs(ours);
      refereeMs += await timeMs(referee);
    } else {
      refereeMs += await timeMs(referee);
      oursMs += await timeMs(ours);
    }
  }
  await expectEqual(store);
  return ratioOf({
    what: `durable insert, ${ROWS} rows, ${batch} a batch`,
    ours: (ROWS / oursMs) * 1000,
    referee: (ROWS / refereeMs) * 1000,
    against: 'INSERT … SELECT',
    unit: 'rows/s',
  });
}

/** A race that lost rows on the way is no race. */
async function expectEqual(store: Store): Promise<void> {
  const [sums] = await store.read<{ ours: string; referee: string }>(
    `SELECT (SELECT (count(), sum(cityHash64(*))) FROM measurement FINAL)::String AS ours,
            (SELECT (count(), sum(cityHash64(*))) FROM referee FINAL)::String AS referee`,
  );
  if (!sums?.ours.startsWith(`(${ROWS},`) || sums.ours !== sums.referee)
    throw new Error(`the tables differ: ${sums?.ours} and ${sums?.referee}`);
}

/** Merged, on disk; the referee is the same rows as NDJSON, as they come from a probe's store. */
async function bytesPerRow(store: Store): Promise<Ratio> {
  await store.command('OPTIMIZE TABLE measurement FINAL');
  const [sizes] = await store.read<{ stored: number; text: number }>(
    `SELECT
         (SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts
          WHERE database = currentDatabase() AND table = 'measurement' AND active) AS stored,
         (SELECT avg(length(formatRow('JSONEachRow', *))) FROM measurement) AS text`,
  );
  return ratioOf({
    what: 'size of a measurement at rest',
    ours: sizes?.stored ?? Number.NaN,
    referee: sizes?.text ?? Number.NaN,
    against: 'NDJSON',
    unit: 'B/row',
  });
}

async function timeMs(run: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await run();
  return performance.now() - begin;
}
