/** The store over the real engine: what goes in comes out, once; what goes wrong is heard. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { precedenceOf } from '../../sql/precedence.ts';
import type { InsertOf } from '../../sql/rows.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

let test: TestStore;
let store: Store;
beforeAll(async () => {
  test = await startTestStore();
  store = test.store;
});
afterAll(() => test.stop());
beforeEach(() => store.command('TRUNCATE TABLE measurement'));

type Row = InsertOf<'measurement'>;

const ROW: Row = aMeasurementRow();
const RECEIVED = '2026-11-24T01:02:10.000001Z';
const LATER = '2026-11-24T05:00:00.000000Z';

const FIRST_PAGE = {
  afterReceived: '1970-01-01T00:00:00Z',
  afterProbe: '',
  afterSequence: 0,
  fromReceived: '1970-01-01T00:00:00Z',
  toReceived: '2200-01-01T00:00:00Z',
  partitions: [],
  probe: '',
  line: '',
  metric: '',
  within: '',
  limit: 1000,
};

const everything = () => store.query('measurement_page_asc', FIRST_PAGE);

describe('a measurement', () => {
  it('comes back as it went in', async () => {
    await store.insert('measurement', [ROW]);
    const {
      v0,
      v1,
      v2,
      v3,
      v4,
      v5,
      v6,
      v7,
      v8,
      v9,
      v10,
      v11,
      v12,
      v13,
      v14,
      v15,
      precedence: _,
      ...rest
    } = ROW;
    expect(await everything()).toEqual([
      {
        ...rest,
        received: RECEIVED,
        admission: 1,
        values: [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15],
      },
    ]);
  });

  it('sent again, re-cut and late, changes nothing', async () => {
    const rows = Array.from({ length: 50 }, (_, sequence) => ({ ...ROW, sequence }));
    await store.insert('measurement', rows);
    const before = await everything();
    const later = rows.map((row) => ({
      ...row,
      precedence: precedenceOf('2026-11-25T00:00:00.000000Z', 1),
    }));
    await store.insert('measurement', rows);
    await store.insert('measurement', later.slice(0, 20));
    await store.insert('measurement', later.slice(10).reverse());
    expect(await everything()).toEqual(before);
    await store.command('OPTIMIZE TABLE measurement FINAL');
    expect(await everything()).toEqual(before);
    expect(before).toHaveLength(50);
  });

  it('stays as first received, whatever the order of arrival', async () => {
    const later = { ...ROW, precedence: precedenceOf(LATER, 1) };
    await store.insert('measurement', [later]);
    await store.insert('measurement', [ROW]);
    await store.insert('measurement', [later]);
    expect((await everything()).map(({ received }) => received)).toEqual([RECEIVED]);
  });

  it('judged by newer rules replaces the one judged by older, also when it came later', async () => {
    const rejudged = { ...ROW, precedence: precedenceOf(LATER, 2) };
    await store.insert('measurement', [rejudged]);
    await store.insert('measurement', [ROW]);
    expect(await everything()).toMatchObject([{ admission: 2, received: LATER }]);
  });

  it('sent twice is written twice until a merge: no block is swallowed by its checksum', async () => {
    await store.command('SYSTEM STOP MERGES measurement');
    await store.insert('measurement', [ROW]);
    await store.insert('measurement', [ROW]);
    expect(await store.read('SELECT count() AS n FROM measurement')).toEqual([{ n: 2 }]);
    await store.command('SYSTEM START MERGES measurement');
    expect(await store.read('SELECT count() AS n FROM measurement FINAL')).toEqual([{ n: 1 }]);
  });
});

describe('an insert', () => {
  it('of nothing does nothing', async () => {
    await store.insert('measurement', []);
    expect(await everything()).toEqual([]);
  });

  it('fills in what the table gives by itself', async () => {
    const line = {
      line: 'line-1',
      place: '320106001001',
      carrier: 'telecom',
      technology: 'ftth',
      subscribedDownBps: 500_000_000,
      subscribedUpBps: null,
      validFrom: '2026-11-01',
    };
    await store.insert('line', [line]);
    expect(await store.read('SELECT * FROM line')).toEqual([
      {
        ...{ ...line, validTo: '2149-06-06', updated: expect.stringMatching(/Z$/) },
        ...{ import: '', opticalNode: '', onu: '' },
      },
    ]);
  });

  it.each([
    [
      'lacks a column',
      [ROW, { ...ROW, task: undefined as never }],
      /^task: wants a text, not nothing/,
    ],
    ['has one too many', [ROW, { ...ROW, extra: 1 } as Row], /^extra: /],
    [
      'has null where none may be',
      [{ ...ROW, task: null as never }],
      /^task: wants a text, not null/,
    ],
    [
      'has a word where a number belongs',
      [{ ...ROW, v0: 'fast' as never }],
      /^v0: wants a whole number/,
    ],
  ])('whose row %s is refused whole', async (_name, rows, message) => {
    await expect(store.insert('measurement', rows)).rejects.toThrow(message);
    expect(await everything()).toEqual([]);
  });
});

describe('a page', () => {
  const rows = Array.from({ length: 25 }, (_, index) => ({
    ...ROW,
    probe: `p${index % 3}`,
    line: `line-${index % 3}`,
    metric: index % 2 ? 'icmp-rtt' : 'tcp-connect',
    place: index % 5 ? '320106001001' : '320505002002',
    sequence: index,
    // Several rows share one time of reception: the cursor must tell them apart.
    precedence: precedenceOf(`2026-11-24T02:00:0${Math.floor(index / 10)}.000000Z`, 1),
  }));

  it.each(['measurement_page_asc', 'measurement_page_desc'] as const)(
    '%s gives every row once, in order',
    async (name) => {
      await store.insert('measurement', rows);
      const seen: string[] = [];
      let cursor = {
        ...FIRST_PAGE,
        limit: 4,
        ...(name.endsWith('desc') && { afterReceived: '2200-01-01T00:00:00Z' }),
      };
      for (;;) {
        const page = await store.query(name, cursor);
        seen.push(...page.map((row) => `${row.received} ${row.probe} ${row.sequence}`));
        const last = page.at(-1);
        if (!last) break;
        cursor = {
          ...cursor,
          afterReceived: last.received,
          afterProbe: last.probe,
          afterSequence: last.sequence,
        };
      }
      expect(new Set(seen).size).toBe(rows.length);
      const whole = (await everything()).map((r) => `${r.received} ${r.probe} ${r.sequence}`);
      expect(seen).toEqual(name.endsWith('desc') ? whole.toReversed() : whole);
    },
  );

  it.each([
    [{ probe: 'p1' }, (row: Row) => row.probe === 'p1'],
    [{ line: 'line-2' }, (row: Row) => row.line === 'line-2'],
    [{ metric: 'tcp-connect' }, (row: Row) => row.metric === 'tcp-connect'],
    [{ within: '3205' }, (row: Row) => row.place.startsWith('3205')],
    [
      { within: '32', probe: 'p0', metric: 'icmp-rtt' },
      (row: Row) => row.probe === 'p0' && row.metric === 'icmp-rtt',
    ],
  ])('filters by %j', async (filter, matches) => {
    await store.insert('measurement', rows);
    const page = await store.query('measurement_page_asc', { ...FIRST_PAGE, ...filter });
    expect(page.map(({ sequence }) => sequence).sort()).toEqual(
      rows
        .filter(matches)
        .map(({ sequence }) => sequence)
        .sort(),
    );
    expect(page.length).toBeGreaterThan(0);
  });
});

describe('a question', () => {
  it.each([
    "p1' OR '1' = '1",
    "p1'; DROP TABLE measurement; --",
    '\\',
    '{probe:String}',
    '\n\t\'"`',
  ])('takes %j as a word and nothing else', async (probe) => {
    await store.insert('measurement', [ROW, { ...ROW, probe, sequence: 8 }]);
    const page = await store.query('measurement_page_asc', { ...FIRST_PAGE, probe });
    expect(page).toMatchObject([{ probe, sequence: 8 }]);
  });

  it('that fails in the middle of its answer fails, and the next is whole', async () => {
    const failing = store.read(
      'SELECT number, throwIf(number = 3000000) FROM numbers(10000000) SETTINGS max_block_size = 1000',
    );
    await expect(failing).rejects.toThrow(/throwIf/);
    expect(await store.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('names the indicators there are when asked for another', async () => {
    await expect(
      store.indicator('no-such', {
        start: '2026-11-01T00:00:00Z',
        end: '2026-12-01T00:00:00Z',
        minimumRuns: 1,
        minimumDays: 1,
        passRatio: 1,
      }),
    ).rejects.toMatchObject({ code: 'indicator-unknown' });
  });

  it('speaks UTC whatever the zone of this process', async () => {
    expect(process.env.TZ).toBe('America/St_Johns');
    expect(
      await store.read(
        "SELECT toString(toDateTime('2026-11-24 00:00:00')) AS here, timezone() AS zone",
      ),
    ).toEqual([{ here: '2026-11-24 00:00:00', zone: 'UTC' }]);
  });
});

describe('the store', () => {
  it('answers a ping', async () => {
    expect(await store.ping()).toBe(true);
  });

  it.each([
    ['a wrong password', () => ({ ...test.engine, password: 'guess' })],
    ['nobody there', () => ({ ...test.engine, url: 'http://127.0.0.1:1' })],
  ])('says so when it cannot be opened: %s', async (_name, options) => {
    await expect(openStore({ ...options(), log: silent })).rejects.toMatchObject({
      code: 'store-unreachable',
      zh: expect.stringContaining(options().url),
    });
  });
});
