/** Backup and restore by command: the same figures in an empty directory, and a clear no to all else. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeasurementPage } from '../../api/contract/measurement.ts';
import { isOlder, type Manifest } from '../../sql/backup.ts';
import { startEngine } from '../../sql/engine.ts';
import { schemaSnapshot } from '../../sql/migrate.ts';
import { isDrawn, tables } from '../../sql/rows.ts';
import { openStore } from '../../sql/store.ts';
import { enrolProbe, sendReport } from '../faults/quiet-station.ts';
import { aMeasurement } from '../measurement.ts';
import { eventually, getJson, scratch, startStation, tongda } from '../tongda.ts';
import { silent } from './engine-fixture.ts';

const directory = scratch();
const path = (name: string) => join(directory.path, name);
const dataIn = (name: string) => ({ TONGDA_DATA: path(name) });
let token: string;

beforeAll(async () => {
  const station = await startStation(dataIn('first'));
  token = await enrolProbe(dataIn('first'), 'xuanwu-1');
  const measurements = Array.from({ length: 300 }, (_, sequence) => aMeasurement({ sequence }));
  await sendReport(station.url, token, measurements);
  // Copies, of which a restore must make no second count, and something in quarantine.
  await sendReport(station.url, token, measurements.slice(100));
  await sendReport(station.url, token, [aMeasurement({ sequence: 900, metric: 'guess' })]);
  await eventually(
    () => getJson<MeasurementPage>(`${station.url}/v1/measurements?probe=local`),
    ({ items }) => items.length > 0,
  );
  const { code, stderr } = await tongda(['store', 'backup', path('beside')], dataIn('first'));
  expect([code, stderr]).toEqual([0, expect.stringContaining('100%')]);
  await station.stop();
  const { code: second } = await tongda(['store', 'backup', path('backup')], dataIn('first'));
  expect(second).toBe(0);
});
afterAll(directory.remove);

/** Schema, and of every table the rows as every question sees them: number and sum of hashes. */
async function content(data: string) {
  const engine = await startEngine({ directory: path(data), log: silent });
  const store = await openStore({ ...engine, log: silent });
  try {
    const figures: Record<string, unknown> = {};
    for (const table of Object.keys(tables))
      [figures[table]] = await store.read(
        `SELECT count() AS n, sum(cityHash64(*)) AS hash FROM ${table} ${isDrawn(table) ? '' : 'FINAL'}`,
      );
    return { schema: await schemaSnapshot(store), figures };
  } finally {
    await store.close();
    await engine.stop();
  }
}

const restore = (backup: string, data: string) =>
  tongda(['store', 'restore', path(backup)], dataIn(data));

describe('a restore into an empty directory', () => {
  it('gives the same schema and the same figures', async () => {
    mkdirSync(path('second'));
    const { code, stderr } = await restore('backup', 'second');
    expect([code, stderr]).toEqual([0, expect.stringContaining('恢复')]);
    const first = await content('first');
    expect(await content('second')).toEqual(first);
    expect(first.figures.measurement).toMatchObject({ n: expect.any(Number) });
    expect((first.figures.measurement as { n: number }).n).toBeGreaterThan(300);
    expect((first.figures.quarantine as { n: number }).n).toBe(1);
  });

  it('is a station that goes on: probes keep their tokens, the station’s own gets a new one', async () => {
    const station = await startStation(dataIn('second'));
    try {
      const page = () =>
        getJson<MeasurementPage>(`${station.url}/v1/measurements?probe=local&limit=1000`);
      const before = (await page()).items.length;
      expect(
        (await sendReport(station.url, token, [aMeasurement({ sequence: 1_000 })])).status,
      ).toBe(200);
      await eventually(page, ({ items }) => items.length > before);
    } finally {
      await station.stop();
    }
  });

  it('of a backup made beside a running station is whole, too', async () => {
    expect((await restore('beside', 'third')).code).toBe(0);
    const { figures } = await content('third');
    expect((figures.quarantine as { n: number }).n).toBe(1);
  });
});

describe('what cannot be', () => {
  /** A copy of the backup with something done to it. */
  const spoilt = (name: string, spoil: (directory: string) => void) => {
    cpSync(path('backup'), path(name), { recursive: true });
    spoil(path(name));
    return name;
  };
  const manifest = (of: string) => join(of, 'tongda-backup.json');
  const rewrite = (change: (manifest: Manifest) => object) => (of: string) =>
    writeFileSync(
      manifest(of),
      JSON.stringify(change(JSON.parse(readFileSync(manifest(of), 'utf8')) as Manifest)),
    );
  const largest = (of: string) =>
    (JSON.parse(readFileSync(manifest(of), 'utf8')) as Manifest).files.reduce((a, b) =>
      b.sizeB > a.sizeB ? b : a,
    );
  const flip = (of: string) => {
    const file = join(of, largest(of).path);
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };

  it.each<[string, (of: string) => void, string]>([
    ['a flipped bit', flip, 'backup-damaged'],
    ['a missing file', (of) => rmSync(join(of, largest(of).path)), 'backup-damaged'],
    ['a manifest cut short', (of) => writeFileSync(manifest(of), '{"version":1'), 'backup-damaged'],
    ['no manifest', (of) => rmSync(manifest(of)), 'backup-missing'],
    ['a newer form', rewrite((m) => ({ ...m, version: 2 })), 'backup-newer'],
    ['a newer engine', rewrite((m) => ({ ...m, engine: '99.1.1.1' })), 'backup-newer'],
    [
      'a newer schema',
      rewrite((m) => ({
        ...m,
        schema: [...m.schema, { file: '999_tomorrow.sql', sha256: '0'.repeat(64) }],
      })),
      'backup-newer',
    ],
  ])('%s is refused by name, and nothing is left behind', async (name, spoil, code) => {
    const target = `into ${name}`;
    const ended = await restore(spoilt(name, spoil), target);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`[${code}]`);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(path(target)) ? readdirSync(path(target)) : []).toEqual([]);
  });

  it('a directory with anything in it is not restored into', async () => {
    mkdirSync(path('taken'));
    writeFileSync(join(path('taken'), 'mine'), 'precious');
    const { code, stderr } = await restore('backup', 'taken');
    expect(code).toBe(1);
    expect(stderr).toContain('[restore-target-not-empty]');
    expect(readdirSync(path('taken'))).toEqual(['mine']);
  });

  it('a directory with anything in it is not backed up into', async () => {
    const { code, stderr } = await tongda(['store', 'backup', path('backup')], dataIn('first'));
    expect(code).toBe(1);
    expect(stderr).toContain('[backup-target-not-empty]');
  });

  it('a server of somebody else’s is backed up there', async () => {
    const { code, stderr } = await tongda(['store', 'backup', path('elsewhere')], {
      ...dataIn('first'),
      TONGDA_CLICKHOUSE_URL: 'http://127.0.0.1:1',
    });
    expect(code).toBe(1);
    expect(stderr).toContain('[backup-external]');
  });
});

it('releases are compared as numbers', () => {
  expect(isOlder('26.7.2.1', '26.10.1.1')).toBe(true);
  expect(isOlder('26.10.1.1', '26.7.2.1')).toBe(false);
  expect(isOlder('26.7.1.1', '26.7.9.9')).toBe(false);
});
