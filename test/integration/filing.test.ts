import { afterAll, beforeAll, expect, it } from 'vitest';
import { file } from '../../ingest/filing-store.ts';
import { importBuiltInRegister } from '../../ingest/register.ts';
import { startTestStore, type TestStore } from './engine-fixture.ts';

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
  await importBuiltInRegister(test.store);
}, 60_000);
afterAll(() => test.stop());

const HEAD = 'code,reached,technology,optical node,date reached';
const GOOD = `${HEAD}\n320102002001,yes,ftth,OLT-7,2026-10-08\n320102002002,no,,,\n`;
const AREAS = 'code,subscribers,households\n320102,90,100\n';
const NOW = new Date('2026-11-03T02:00:00Z');
const origin = (text: string, name = 'places.csv') => ({
  file: name,
  bytes: Buffer.from(text),
  by: 'wang',
  note: '',
});
const send = (texts: readonly string[], over: object = {}, now = NOW) =>
  file(
    test.store,
    {
      carrier: 'telecom',
      month: '2026-10',
      files: texts.map((text, number) => origin(text, `${number}.csv`)),
      dryRun: false,
      ...over,
    },
    ['telecom', 'mobile'],
    now,
  );
const rowsOf = (version: string) =>
  test.store.query('filing_places', { month: '2026-10', carrier: 'telecom', import: version });
const versions = (month = '2026-10') => test.store.query('filing_versions', { month });

it.each([
  ['carrier-unknown', { carrier: 'nobody' }],
  ['month-malformed', { month: '2026-13' }],
  ['month-future', { month: '2026-12' }],
  ['filing-sheets', { files: [] }],
])('refuses a filing whole: %s', async (code, over) => {
  await expect(send([GOOD], over)).rejects.toMatchObject({ code });
});

it('stores nothing of a file with a fault, of a dry run, and counts nothing that was not noted', async () => {
  const bad = await send([`${GOOD}999999999999,no,,,\n`]);
  expect(bad).toMatchObject({ import: null, version: null, faultCount: 1 });
  expect(await send([GOOD], { dryRun: true })).toMatchObject({ version: null, rows: 2 });
  await test.store.insert('filing', [
    {
      month: '2026-10',
      carrier: 'telecom',
      import: 'broke-off',
      sha256: '0'.repeat(64),
      received: NOW.toISOString(),
      places: 1,
      areas: 0,
      warnings: 0,
    },
  ]);
  await test.store.insert('filing_place', [
    {
      ...{
        month: '2026-10',
        carrier: 'telecom',
        import: 'broke-off',
        place: '320102002001',
        row: 2,
      },
      ...{ reached: true, technology: 'ftth', opticalNode: 'OLT-1', reachedOn: '2026-10-08' },
      ...{ mobile: '', note: '' },
    },
  ]);
  expect(await versions()).toEqual([]);
  expect(await rowsOf('broke-off')).toEqual([]);
  // Also what is filed next does not find it.
  expect(await send([AREAS], { dryRun: true })).toMatchObject({ warningCount: 0 });
});

it('adds versions, refuses the same bytes, and keeps what was there', async () => {
  expect(await send([AREAS, GOOD])).toMatchObject({ version: 1, rows: 3, faultCount: 0 });
  await expect(send([GOOD, AREAS])).rejects.toMatchObject({ code: 'filing-again' });
  const changed = GOOD.replace('OLT-7', 'OLT-8');
  const later = new Date('2026-11-04T02:00:00Z');
  expect(await send([changed], {}, later)).toMatchObject({ version: 2 });
  const [first, second] = await versions();
  expect([first, second]).toMatchObject([
    { places: 2, areas: 1, received: '2026-11-03T02:00:00.000000Z' },
    { places: 2, areas: 0, received: '2026-11-04T02:00:00.000000Z' },
  ]);
  const one = { place: '320102002001', row: 2, reached: true, technology: 'ftth', mobile: '' };
  const filed = { ...one, opticalNode: 'OLT-7', reachedOn: '2026-10-08', note: '' };
  const other = { place: '320102002002', row: 3, reached: false, technology: '' };
  expect(await rowsOf(first?.import ?? '')).toEqual([filed, expect.objectContaining(other)]);
  expect(await rowsOf(second?.import ?? '')).toEqual([
    { ...filed, opticalNode: 'OLT-8' },
    expect.objectContaining(other),
  ]);
  const key = { month: '2026-10', carrier: 'telecom', import: first?.import ?? '' };
  expect(await test.store.query('filing_areas', key)).toMatchObject([
    { area: '320102', row: 2, subscribers: 90, households: 100, residents: null },
  ]);
});

it('warns of places that the version before declared and the new one takes back', async () => {
  const without = await send([AREAS], { dryRun: true });
  expect(without.warningCount).toBe(1);
  expect(without.warnings).toMatchObject([
    { code: 'places-withdrawn', text: '320102002001 320102002002' },
  ]);
  expect(without.warnings[0]?.zh).toContain('没有地点表');
  const less = `${HEAD}\n320102002001,no,,,\n`;
  const shorter = await send([less], { dryRun: true });
  expect(shorter.warnings).toMatchObject([{ code: 'places-withdrawn', text: '320102002002' }]);
  expect(shorter.warnings[0]?.zh).toContain(' 1 个地点');
  // Another carrier's version takes nothing back.
  expect(await send([AREAS], { dryRun: true, carrier: 'mobile' })).toMatchObject({ warnings: [] });
});

it('warns of places that were filed the month before and are left out', async () => {
  const less = `${HEAD}\n320102002001,yes,ftth,OLT-8,2026-10-08\n`;
  const filed = await send([less], { month: '2026-11' });
  expect(filed.warnings).toMatchObject([{ code: 'places-left-out', text: '320102002002' }]);
});
