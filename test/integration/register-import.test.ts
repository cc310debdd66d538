/**
 * The register by import, on the real engine: what counted on any day, whole or not at all, and who
 * hears of it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COUNTY_MAP } from '../../api/geometry.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { rollUp } from '../../api/rollup-keeper.ts';
import { ProbeDirectory } from '../../ingest/binding.ts';
import { importsOf, type Origin } from '../../ingest/import.ts';
import { importBuiltInRegister, loadRegister } from '../../ingest/register.ts';
import {
  importLines,
  importPlaces,
  importProbes,
  type NewToken,
} from '../../ingest/register-import.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { listMigrations, migrate } from '../../sql/migrate.ts';
import { precedenceOf } from '../../sql/precedence.ts';
import { type InsertName, type InsertOf, tables } from '../../sql/rows.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { boundStore } from './bound-store.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const BUILT_IN = 23_563;
const VILLAGE = '320102002001';
const KIND = 'village_committee';
const PLAN = uncheckedPlanOf('jiangsu-2013');

let test: TestStore;
let store: Store;
let databases = 0;

beforeAll(async () => {
  test = await startTestStore();
  store = test.store;
  await defineMetricViews(store, METRICS);
  expect(await importBuiltInRegister(store)).toBe(BUILT_IN);
});
afterAll(() => test.stop());

/** A store of its own in the same engine, with its schema and nothing in it. */
async function anotherStore(): Promise<Store> {
  const other = await openStore({
    ...test.engine,
    database: `register_${++databases}`,
    log: silent,
  });
  await migrate(other);
  return other;
}

/** A store whose insert into a table fails, after so many that went well. */
function failing(whole: Store, table: InsertName, well = 0): Store {
  let left = well;
  return {
    ...boundStore(whole),
    insert: async <Name extends InsertName>(into: Name, rows: readonly InsertOf<Name>[]) => {
      if (into === table && left-- <= 0) throw new Error('the process died here');
      await whole.insert(into, rows);
    },
  };
}

let files = 0;
function fileOf(csv: string): Origin {
  return { file: `file-${++files}.csv`, bytes: Buffer.from(csv), by: 'wang', note: '' };
}

const run = () => ({ now: new Date(), dryRun: false, validFrom: null, counties: COUNTY_MAP });
const places = (into: Store, csv: string) => importPlaces(into, fileOf(csv), run());
const lines = (into: Store, csv: string) =>
  importLines(into, fileOf(csv), { ...run(), carriers: ['telecom', 'mobile'] });

async function villages(of: Store, day: string): Promise<number> {
  return (await loadRegister(of, day)).villagesBelow('32');
}

describe('views of the register', () => {
  it.each([
    ['place_version', 'place'],
    ['line_version', 'line'],
    ['probe_binding', 'probe'],
  ] as const)('%s has the columns of its table', async (view, table) => {
    const found = await store.read<{ name: string; type: string }>(`DESCRIBE ${view}`);
    expect(Object.fromEntries(found.map(({ name, type }) => [name, type]))).toEqual(tables[table]);
  });
});

describe('a store older than imports', () => {
  it('takes them on, with all it holds', async () => {
    const database = `register_${++databases}`;
    const other = await openStore({ ...test.engine, database, log: silent });
    const files = listMigrations();
    const first = files.findIndex(({ file }) => file.endsWith('_place_import.sql'));
    await migrate(other, files.slice(0, first));
    const days = "'2020-01-01', '2149-06-06'";
    for (const name of ['old', 'new']) {
      const place = `'320102002001', '${name}', 'village', '320102002', '', ${days}, 's', now64(6)`;
      await other.command(`INSERT INTO place VALUES (${place})`);
      await other.command(
        `INSERT INTO line VALUES ('l', '320102002001', '${name}', 'ftth', 1, NULL, ${days}, now64(6))`,
      );
      await other.command(
        `INSERT INTO probe VALUES ('p', '${name}', repeat('a', 64), now64(3), NULL, now64(6))`,
      );
    }
    expect((await migrate(other)).applied).toEqual(files.slice(first).map(({ file }) => file));
    for (const table of ['place', 'line', 'probe'])
      await other.define(`OPTIMIZE TABLE ${table} FINAL`);
    expect((await loadRegister(other, '2026-11-25')).find(VILLAGE)?.name).toBe('new');
    expect(await other.query('line_register', {})).toMatchObject([{ line: 'l', carrier: 'new' }]);
    expect(await other.query('probe_tokens', {})).toMatchObject([{ probe: 'p', line: 'new' }]);
    await other.close();
  });
});

describe('the built-in register', () => {
  it('is an import like others, made once', async () => {
    expect(await importBuiltInRegister(store)).toBe(0);
    expect(await importsOf(store, 'places')).toMatchObject([
      { by: 'tongda', rows: BUILT_IN, file: 'jiangsu-2023-06-30.csv' },
    ]);
    expect((await loadRegister(store, '2026-11-25')).size).toBe(BUILT_IN);
  });

  it('of a first start that broke off counts for nothing, and is completed by the next', async () => {
    const other = await anotherStore();
    await expect(importBuiltInRegister(failing(other, 'place', 1))).rejects.toThrow('died here');
    const [half] = await other.read<{ rows: number }>('SELECT count() AS rows FROM place');
    expect(half?.rows).toBe(10_000);
    expect((await loadRegister(other, '2026-11-25')).size).toBe(0);
    await expect(importBuiltInRegister(failing(other, 'import'))).rejects.toThrow('died here');
    expect((await loadRegister(other, '2026-11-25')).size).toBe(0);

    expect(await importBuiltInRegister(other)).toBe(BUILT_IN);
    await other.define('OPTIMIZE TABLE place FINAL');
    const [whole] = await other.read<{ rows: number }>('SELECT count() AS rows FROM place');
    expect(whole?.rows).toBe(BUILT_IN);
    expect((await loadRegister(other, '2026-11-25')).size).toBe(BUILT_IN);
    await other.close();
  });

  it('that has lost rows gets them again', async () => {
    const other = await anotherStore();
    expect(await importBuiltInRegister(other)).toBe(BUILT_IN);
    await other.define('TRUNCATE TABLE place');
    expect(await importBuiltInRegister(other)).toBe(BUILT_IN);
    expect((await loadRegister(other, '2026-11-25')).size).toBe(BUILT_IN);
    expect(await importsOf(other, 'places')).toHaveLength(1);
    await other.close();
  });

  it('that gets them again leaves alone what has become of its places', async () => {
    const other = await anotherStore();
    await importBuiltInRegister(other);
    const merged = `action,code,newCode,date\nmerge,320102002002,${VILLAGE},2025-01-01`;
    expect((await places(other, merged)).faults).toEqual([]);
    const before = await villages(other, '2026-11-25');
    await other.command(`DELETE FROM place WHERE code = '${VILLAGE}' SETTINGS mutations_sync = 2`);
    expect(await importBuiltInRegister(other)).toBe(BUILT_IN);
    await other.define('OPTIMIZE TABLE place FINAL');
    expect(await villages(other, '2026-11-25')).toBe(before);
    const register = await loadRegister(other, '2026-11-25');
    expect(register.find('320102002002')).toBeUndefined();
    expect(register.find(VILLAGE)).toBeDefined();
    await other.close();
  });

  it('of a store older than imports goes on to count; half of one is completed', async () => {
    const other = await anotherStore();
    const rows = await store.read<InsertOf<'place'>>(
      'SELECT code, name, level, parent, kind, validFrom, source FROM place ORDER BY code',
    );
    await other.insert('place', rows.slice(0, 12_000));
    expect((await loadRegister(other, '2026-11-25')).size).toBe(12_000);
    expect(await importBuiltInRegister(other)).toBe(BUILT_IN);
    expect((await loadRegister(other, '2026-11-25')).size).toBe(BUILT_IN);

    const whole = await anotherStore();
    await whole.insert('place', rows);
    expect(await importBuiltInRegister(whole)).toBe(0);
    expect((await loadRegister(whole, '2026-11-25')).size).toBe(BUILT_IN);
    for (const one of [other, whole]) await one.close();
  });
});

describe('places', () => {
  it('count from their day on, and what was before still counted then', async () => {
    const all = await villages(store, '2026-11-25');
    const merged = await places(
      store,
      `action,code,name,newCode,date
merge,320102002002,,${VILLAGE},2027-01-01
merge,320102002007,,${VILLAGE},2027-01-01
split,320102002009,甲村,320102002101,2027-07-01
split,320102002009,乙村,320102002102,2027-07-01
split,320102002009,丙村,320102002103,2027-07-01
rename,${VILLAGE},大新村,,2027-01-01
add,${VILLAGE}-001,小王庄,,2027-02-01`,
    );
    expect(merged).toMatchObject({ rows: 7, faults: [] });
    expect(merged.import).not.toBeNull();
    const days = ['2026-12-31', '2027-01-01', '2027-06-30', '2027-07-01'];
    expect(await Promise.all(days.map((day) => villages(store, day)))).toEqual([
      ...[all, all - 2, all - 2, all],
    ]);
    const register = await loadRegister(store, '2027-02-01');
    expect(register.find(VILLAGE)?.name).toBe('大新村');
    expect(register.below(VILLAGE, 'hamlet')).toMatchObject([{ name: '小王庄' }]);
    expect((await loadRegister(store, '2026-11-25')).find(VILLAGE)?.name).not.toBe('大新村');
  });

  it('of a file with one fault stay as they are, all of them', async () => {
    const before = await store.read('SELECT count() FROM place');
    const refused = await places(
      store,
      `code,name,kind,date\n320102002090,新村,${KIND},2027-01-01\n320199999001,无上级村,${KIND},2027-01-01`,
    );
    expect(refused.import).toBeNull();
    expect(refused.faults.map(({ line, code }) => [line, code])).toEqual([[3, 'parent-unknown']]);
    const tried = await importPlaces(
      store,
      fileOf(`code,name,kind,date\n320102002090,新村,${KIND},2027-01-01`),
      {
        ...run(),
        dryRun: true,
      },
    );
    expect(tried).toMatchObject({ import: null, rows: 1, faults: [] });
    expect(await store.read('SELECT count() FROM place')).toEqual(before);
  });

  it('whose import died before its note count for nothing, and do once it is brought again', async () => {
    const csv = `action,code,name,kind,date
close,320102002005,,,2028-01-01
add,320102002091,又村,${KIND},2028-01-01
rename,320102002006,改村,,2028-01-01`;
    const before = await loadRegister(store, '2028-01-01');
    await expect(places(failing(store, 'import'), csv)).rejects.toThrow('died here');
    await store.define('OPTIMIZE TABLE place FINAL');
    const between = await loadRegister(store, '2028-01-01');
    for (const code of ['320102002005', '320102002091', '320102002006'])
      expect(between.find(code)).toEqual(before.find(code));
    expect(between.size).toBe(before.size);

    expect((await places(store, csv)).import).not.toBeNull();
    const after = await loadRegister(store, '2028-01-01');
    expect(after.find('320102002005')).toBeUndefined();
    expect(after.find('320102002006')?.name).toBe('改村');
    expect(after.size).toBe(before.size);
    expect((await loadRegister(store, '2027-12-31')).find('320102002005')).toBeDefined();
  });

  it('are counted together with lines and probes: of two imports at once the later is refused', async () => {
    const csv = 'action,code,name,date\nrename,320102007006,甲名,2027-01-01';
    let meanwhile: Promise<unknown> | null = null;
    const slow: Store = {
      ...boundStore(store),
      insert: async (into, rows) => {
        meanwhile ??= places(store, csv.replace('甲名', '乙名'));
        await meanwhile;
        await store.insert(into, rows);
      },
    };
    await expect(places(slow, csv)).rejects.toMatchObject({ code: 'register-changed' });
    const name = async () => (await loadRegister(store, '2027-01-01')).find('320102007006')?.name;
    expect(await name()).toBe('乙名');
    const again = await places(store, `${csv}\n`);
    expect(again.faults.map(({ code }) => code)).toEqual(['place-version-exists']);

    meanwhile = null;
    const head = 'line,place,carrier,technology,validFrom';
    const slowLines: Store = {
      ...slow,
      insert: async (into, rows) => {
        meanwhile ??= places(store, 'action,code,date\nclose,320102007002,2027-01-01');
        await meanwhile;
        await store.insert(into, rows);
      },
    };
    const line = `${head}\nl-late,320102007002,telecom,ftth,2026-12-01`;
    await expect(lines(slowLines, line)).rejects.toMatchObject({ code: 'register-changed' });
    expect((await lines(store, `${line}\n`)).faults.map(({ code }) => code)).toEqual([
      'place-ends',
    ]);
  });

  it('of an undated file are another statement on another day, and the same one once', async () => {
    const undated = fileOf('action,code,name\nrename,320102007003,初名');
    const on = (validFrom: string) =>
      importPlaces(store, { ...undated, note: '更名' }, { ...run(), validFrom });
    const first = await on('2027-01-01');
    await expect(on('2027-01-01')).rejects.toMatchObject({ code: 'already-imported' });
    const [noted] = await importsOf(store, 'places');
    expect(noted).toMatchObject({ import: first.import, note: '更名 · --valid-from 2027-01-01' });
    expect((await on('2026-12-01')).faults).toEqual([]);
    // Of rows that name their day the command's day says nothing.
    const dated = fileOf('action,code,name,date\nrename,320102007004,又名,2027-01-01');
    await importPlaces(store, dated, { ...run(), validFrom: '2027-01-01' });
    await expect(
      importPlaces(store, dated, { ...run(), validFrom: '2027-02-01' }),
    ).rejects.toMatchObject({ code: 'already-imported' });
  });

  it('keep a count of people that a later import says nothing of', async () => {
    const head = 'action,code,date,residents,households,asOf,source';
    const row = 'describe,320102007005,2026-12-01';
    await places(store, `${head}\n${row},500,160,2024,甲\n`);
    await places(store, `${head}\n${row},510,,2024,乙\n`);
    const { import: last } = await places(store, `${head}\n${row},,170,2024,丙\n`);
    expect(await store.query('place_statistics', { place: '320102007005' })).toEqual([
      { asOf: 2024, residents: 510, households: 170, source: '丙', import: last },
    ]);
  });

  it('of a file that was brought in already are refused; in other bytes they change nothing', async () => {
    const csv = `code,name,kind,date\n320102002092,再村,${KIND},2028-01-01`;
    const known = fileOf(csv);
    await importPlaces(store, known, run());
    await expect(importPlaces(store, known, run())).rejects.toMatchObject({
      code: 'already-imported',
    });
    const versions = await store.query('place_versions', { place: '' });
    expect((await places(store, `${csv}\n`)).faults).toEqual([]);
    expect(await store.query('place_versions', { place: '' })).toEqual(versions);
  });
});

describe('lines', () => {
  const HEAD = 'line,place,carrier,technology,subscribedDownMbps,validFrom';
  const measured = (line: string, place: string, day: string, sequence: number) =>
    ['throughput', 'tcp-connect', 'http-fetch'].map((metric, index) =>
      aMeasurementRow({
        ...{
          metric,
          probe: line,
          line,
          place,
          carrier: 'telecom',
          sequence: sequence * 10 + index,
        },
        ...{ start: `${day}T04:00:00.000Z`, family: 6, method: `${metric}/1`, outcome: 'ok' },
        ...{ v0: 1_000, precedence: precedenceOf(`${day}T04:01:00Z`, 1) },
      }),
    );
  /** Months whose lines are others than when they were rolled up. */
  async function redrawn(): Promise<string[]> {
    const drawn: string[] = [];
    await rollUp(store, PLAN, { progress: (_done, _total, period) => drawn.push(period) });
    return drawn.sort();
  }

  it('make the months they touch stale, and no other', async () => {
    await lines(
      store,
      `${HEAD}\nl-1,320102003001,telecom,ftth,100,2026-01-01\nl-2,320102003002,telecom,ftth,100,2026-01-01`,
    );
    const months = ['2026-07', '2026-08', '2026-09', '2026-10'];
    await store.insert(
      'measurement',
      months.flatMap((month, index) => measured('l-1', '320102003001', `${month}-10`, index)),
    );
    expect(await redrawn()).toHaveLength(months.length * 2);
    expect(await redrawn()).toEqual([]);

    await lines(store, `${HEAD}\nl-2,320102003001,telecom,ftth,100,2026-09-01`);
    expect(await redrawn()).toEqual(['2026-09', '2026-10']);
    // Rates are measured against the subscribed one.
    await lines(store, `${HEAD}\nl-2,320102003001,telecom,ftth,500,2026-10-01`);
    expect(await redrawn()).toEqual(['2026-10']);
    await lines(store, `${HEAD},validTo\nl-3,320102003001,mobile,nr,,2026-08-05,2026-08-20`);
    expect(await redrawn()).toEqual(['2026-08']);
    await lines(store, `${HEAD}\nl-4,320102003001,mobile,nr,,2027-01-01`);
    expect(await redrawn()).toEqual([]);
  });

  it('that were not noted are nobody’s', async () => {
    const csv = `${HEAD}\nl-1,320102003002,mobile,nr,100,2026-08-01`;
    await expect(lines(failing(store, 'import'), csv)).rejects.toThrow('died here');
    await store.define('OPTIMIZE TABLE line FINAL');
    expect(await redrawn()).toEqual([]);
    expect(
      await store.query('lines_between', { first: '2026-10-01', last: '2026-10-31' }),
    ).toContainEqual(expect.objectContaining({ line: 'l-1', place: '320102003001' }));
  });

  it('go with the place they stand at, and the months since are stale', async () => {
    const renamed = await places(
      store,
      `action,code,name,date\nrename,320102003009,新名,2026-09-01`,
    );
    expect(renamed.faults).toEqual([]);
    expect(await redrawn()).toEqual([]);
    const recoded = await places(
      store,
      'action,code,newCode,date\nrecode,320102003001,320102003901,2026-09-15',
    );
    expect(recoded.faults).toEqual([]);
    expect(await redrawn()).toEqual(['2026-09', '2026-10']);
    const at = async (month: string) =>
      (await store.query('lines_between', { first: `${month}-01`, last: `${month}-28` }))
        .filter(({ line }) => line === 'l-1' || line === 'l-2')
        .map(({ line, place }) => [line, place]);
    expect(await at('2026-08')).toEqual([
      ['l-1', '320102003001'],
      ['l-2', '320102003002'],
    ]);
    expect(await at('2026-10')).toEqual([
      ['l-1', '320102003901'],
      ['l-2', '320102003901'],
    ]);
  });
});

describe('probes', () => {
  it('report at once, on lines that came while the station runs, by tokens nobody stored', async () => {
    let now = Date.now();
    const directory = new ProbeDirectory(store, () => now);
    expect(await directory.authenticate('a-token-nobody-has-ever-seen')).toBeNull();

    const head = 'line,place,carrier,technology,validFrom';
    await lines(store, `${head}\nl-9,320102003002,telecom,ftth,2026-01-01`);
    let tokens: readonly NewToken[] = [];
    const handOver = (given: readonly NewToken[]) => {
      tokens = given;
    };
    const csv = 'probe,line\np-9,l-9\np-8,l-9';
    await importProbes(store, fileOf(csv), { now: new Date(), dryRun: false, handOver });
    expect(tokens.map(({ probe }) => probe)).toEqual(['p-8', 'p-9']);
    const token = tokens[1]?.token ?? '';
    const probe = await directory.authenticate(token);
    expect(probe?.bindingAt(new Date('2026-11-25T00:00:00Z'))).toEqual({
      ...{ line: 'l-9', place: '320102003002', carrier: 'telecom' },
    });
    const stored = JSON.stringify(await store.read('SELECT * FROM probe'));
    for (const { token: secret } of tokens) expect(stored).not.toContain(secret);

    // The line moves; the same directory hears of it within what it keeps.
    await lines(store, `${head}\nl-9,320102003003,telecom,ftth,2026-12-01`);
    now += 31_000;
    const later = await directory.authenticate(token);
    expect(later?.bindingAt(new Date('2026-11-30T15:59:00Z'))?.place).toBe('320102003002');
    expect(later?.bindingAt(new Date('2026-11-30T16:00:00Z'))?.place).toBe('320102003003');

    // Brought again, they keep their tokens.
    await importProbes(store, fileOf(`${csv}\n`), { now: new Date(), dryRun: false, handOver });
    expect(tokens).toEqual([]);
    now += 31_000;
    expect(await directory.authenticate(token)).not.toBeNull();
  });

  it('that were not noted cannot report', async () => {
    let tokens: readonly NewToken[] = [];
    const handOver = (given: readonly NewToken[]) => {
      tokens = given;
    };
    const broken = failing(store, 'import');
    const dying = importProbes(broken, fileOf('probe,line\np-7,l-9'), {
      ...{ now: new Date(), dryRun: false, handOver },
    });
    await expect(dying).rejects.toThrow('died here');
    expect(tokens).toHaveLength(1);
    const directory = new ProbeDirectory(store);
    expect(await directory.authenticate(tokens[0]?.token ?? '')).toBeNull();
  });
});
