/** Filings by command on a running station, and as its API then tells them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FilingList, StandingPage } from '../../api/contract/filing.ts';
import { getJson, type RunningStation, scratch, startStation, tongda } from '../tongda.ts';

const directory = scratch();
const data = {
  TONGDA_DATA: join(directory.path, 'data'),
  TONGDA_CONFIG: join(directory.path, 'tongda.yaml'),
};
let station: RunningStation;

beforeAll(async () => {
  writeFileSync(data.TONGDA_CONFIG, 'local: false\n');
  station = await startStation(data);
});
afterAll(async () => {
  await station?.stop();
  directory.remove();
});

const HEAD = '区划代码,光纤是否通达,接入技术,光节点,通达日期';
const GOOD = `${HEAD}\n320102002001,是,ftth,OLT-7,2025-10-08\n320102002002,否,,,\n`;
const FOR = ['--carrier', 'telecom', '--month', '2025-10', '--by', 'wang'];

function bring(text: string, ...more: string[]) {
  const path = join(directory.path, 'places.csv');
  writeFileSync(path, text);
  return tongda(['filing', 'import', path, ...FOR, ...more], data);
}
const list = async (month = '2025-10') => {
  const { stdout } = await tongda(['filing', 'list', '--month', month, '--json'], data);
  return JSON.parse(stdout);
};

it('refuses a file with a fault whole, names the line, and ends with 1', async () => {
  const bad = await bring(GOOD.replace('2025-10-08', '2025-11-08'));
  expect(bad.code).toBe(1);
  expect(bad.stdout + bad.stderr).toContain('date-after-month');
  expect((await list())[0]).toMatchObject({ carrier: 'telecom', state: 'missing', versions: 0 });
});

it('stores nothing of a dry run', async () => {
  expect((await bring(GOOD, '--dry-run')).code).toBe(0);
  expect((await list())[0]).toMatchObject({ versions: 0 });
});

it('takes a filing, then a corrected one, refuses the same again, and the API tells the same', async () => {
  const first = await bring(GOOD, '--json');
  expect(first.code, first.stderr).toBe(0);
  expect(JSON.parse(first.stdout)).toMatchObject({ version: 1, rows: 2 });
  const again = await bring(GOOD);
  expect(again.code).not.toBe(0);
  expect(again.stderr).toContain('filing-again');
  const second = await bring(GOOD.replace('OLT-7', 'OLT-8'), '--json');
  expect(JSON.parse(second.stdout)).toMatchObject({ version: 2 });
  const told = await getJson<FilingList>(`${station.url}/v1/filings?month=2025-10`);
  expect(told.items).toEqual(await list());
  expect(told.items[0]).toMatchObject({ state: 'late', versions: 2, places: 2 });
});

it('gives standings of the whole register, whose parts add up', async () => {
  const page = await getJson<StandingPage>(
    `${station.url}/v1/standings?target=access-rate&month=2025-10&carrier=telecom&within=320102`,
  );
  const { places, ...parts } = page.counts.villages;
  expect(parts).toMatchObject({ declared: 1, unserved: 1, confirmed: 0, contradicted: 0 });
  expect(Object.values(parts).reduce((sum, part) => sum + part)).toBe(places);
  expect(places).toBeGreaterThan(50);
});

it('refuses a month that is none', async () => {
  const ended = await tongda(['filing', 'list', '--month', '2025-13'], data);
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain('month-malformed');
});
