/** Filings by command on a running station, and as its API then tells them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  FiledAreaRow,
  FiledPage,
  FiledPlaceRow,
  FilingDiff,
  FilingList,
  StandingEvidence,
  StandingPage,
} from '../../api/contract/filing.ts';
import { quietStation } from '../faults/quiet-station.ts';
import { getJson, type RunningStation, scratch, startStation, tongda } from '../tongda.ts';

const directory = scratch();
const data = quietStation(directory.path);
let station: RunningStation;

beforeAll(async () => {
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
    `${station.url}/v1/standings?target=fibre-villages&month=2025-10&carrier=telecom&within=320102`,
  );
  const { places, ...parts } = page.counts;
  expect(parts).toMatchObject({ declared: 1, unserved: 1, confirmed: 0, contradicted: 0 });
  expect(Object.values(parts).reduce((sum, part) => sum + part)).toBe(places);
  expect(places).toBeGreaterThan(50);
});

it('prints every warning once', async () => {
  const { code, stdout } = await bring(GOOD.replace('OLT-7', ''), '--dry-run');
  expect(code).toBe(0);
  expect(stdout.split('optical-node-missing')).toHaveLength(2);
  expect(stdout.split('第 2 行')).toHaveLength(2);
});

describe('the rows of a filing', () => {
  const rows = <Row extends FiledPlaceRow | FiledAreaRow>(path: string) =>
    getJson<FiledPage<Row>>(`${station.url}/v1/filings/telecom/2025-10/${path}`);

  it('lead from a standing down to the line of the file', async () => {
    const standing = await getJson<StandingEvidence>(
      `${station.url}/v1/standings/320102002001?target=fibre-villages&month=2025-10&carrier=telecom`,
    );
    const filed = await getJson<FiledPage<FiledPlaceRow>>(
      `${station.url}${standing.declared?.filed}`,
    );
    expect(filed.filing).toEqual(standing.filing);
    expect(filed.items).toEqual([
      {
        ...{ code: '320102002001', name: expect.stringMatching(/./), row: 2, reached: true },
        ...{ technology: 'ftth', opticalNode: 'OLT-8', reachedOn: '2025-10-08', mobile: '' },
        note: '',
      },
    ]);
    const { items } = await getJson<{ items: { import: string; by: string }[] }>(
      `${station.url}/v1/register/imports?kind=`,
    );
    expect(items.find((one) => one.import === filed.filing?.import)?.by).toBe('wang');
  });

  it('come page by page, of the version that counted', async () => {
    const first = await rows<FiledPlaceRow>('places?limit=1');
    expect([first.items.map(({ row }) => row), first.next]).toEqual([[2], '320102002001']);
    const second = await rows<FiledPlaceRow>(`places?limit=1&cursor=${first.next}`);
    expect([second.items.map(({ row }) => row), second.next]).toEqual([[3], null]);
    const before = await rows<FiledPlaceRow>('places?receivedBy=2025-11-01T00:00:00Z');
    expect([before.filing, before.items]).toEqual([null, []]);
    expect((await rows('places?within=320104')).items).toEqual([]);
  });

  it('are of areas too', async () => {
    const sheet = join(directory.path, 'areas.csv');
    writeFileSync(sheet, '区划代码,宽带用户总数,家庭户数,备注\n3201,90,100,注\n');
    const only = await tongda(['filing', 'import', sheet, ...FOR], data);
    expect(only.code, only.stderr).toBe(0);
    expect(only.stdout).toContain('places-withdrawn');
    expect((await rows('places')).items).toEqual([]);
    const areas = await rows<FiledAreaRow>('areas');
    expect(areas.filing?.version).toBe(3);
    expect(areas.items).toMatchObject([
      { code: '3201', name: '南京市', row: 2, subscribers: 90, residents: null, note: '注' },
    ]);
    const older = await rows<FiledAreaRow>(`areas?receivedBy=${areas.filing?.received}`);
    expect(older.filing).toEqual(areas.filing);
  });

  it.each([
    ['nobody/2025-10/places', 400, 'parameter-malformed'],
    ['telecom/2025-13/places', 400, 'parameter-malformed'],
    ['telecom/2025-10/places?limit=0', 400, 'parameter-malformed'],
    ['telecom/2025-10/areas?cursor=x', 400, 'parameter-malformed'],
    ['telecom/2025-10/areas?within=99', 404, 'place-unknown'],
  ])('are refused: %s', async (path, status, code) => {
    const response = await fetch(`${station.url}/v1/filings/${path}`);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });
});

describe('the difference of two versions', () => {
  const diff = (...more: string[]) =>
    tongda(['filing', 'diff', '--carrier', 'telecom', '--month', '2025-10', ...more], data);
  const address = () => `${station.url}/v1/filings/telecom/2025-10/diff`;

  it('is told by command and over HTTP', async () => {
    const told = await diff('--from', '1', '--to', '2');
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain('± 320102002001\t第 2 行 line 2\topticalNode\tOLT-7 → OLT-8');
    const one = await getJson<FilingDiff>(`${address()}?from=1&to=2`);
    expect(one).toMatchObject({ from: { version: 1 }, to: { version: 2 } });
    expect(one.areas.counts).toEqual({ added: 0, removed: 0, changed: 0 });
    const { stdout } = await diff('--from', '1', '--to', '2', '--json');
    expect(JSON.parse(stdout).places.changed).toEqual(one.places.changed);
    expect(one.places.changed).toEqual([
      {
        ...{ code: '320102002001', from: 2, to: 2 },
        cells: [{ column: 'opticalNode', from: 'OLT-7', to: 'OLT-8' }],
      },
    ]);
  });

  it('is of the latest and the one before, unless others are asked for', async () => {
    const latest = await getJson<FilingDiff>(`${address()}?limit=1`);
    expect([latest.from.version, latest.to.version]).toEqual([2, 3]);
    expect(latest.places.counts).toEqual({ added: 0, removed: 2, changed: 0 });
    expect(latest.places.removed).toHaveLength(1);
    expect(latest.areas.added).toMatchObject([{ code: '3201', cells: { subscribers: 90 } }]);
  });

  it.each([
    ['?from=4', 404, 'version-unknown'],
    ['?to=1', 404, 'version-unknown'],
    ['?from=x', 400, 'parameter-malformed'],
  ])('is refused: %s', async (query, status, code) => {
    const response = await fetch(`${address()}${query}`);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });
});

it.each([
  ['places', (line: string) => line.replace(/,{6}$/, ',是,ftth,OLT-1,2025-09-01,nr,')],
  [
    'areas',
    (line: string) =>
      line.replace(/,{20}$/, (cells) => `${cells.slice(0, -12)},100${cells.slice(-11)}`),
  ],
])('prints a sheet of %s that can be filled in and brought in', async (sheet, fill) => {
  const from = ['--carrier', 'mobile', '--month', '2025-09'];
  const asked = ['filing', 'template', sheet, ...from, '--area', '320102'];
  const { code, stdout, stderr } = await tongda(asked, data);
  expect(code, stderr).toBe(0);
  expect(stdout.charCodeAt(0)).toBe(0xfeff);
  const lines = stdout.trimEnd().split('\r\n');
  const filled = lines.map((line, index) => (index === 0 ? line : fill(line)));
  const path = join(directory.path, 'filled.csv');
  writeFileSync(path, filled.join('\r\n'));
  const brought = await tongda(['filing', 'import', path, ...from, '--by', 'li', '--json'], data);
  expect(brought.code, brought.stdout).toBe(0);
  expect(JSON.parse(brought.stdout)).toMatchObject({ rows: lines.length - 1, faultCount: 0 });
  const page = await getJson<FiledPage<FiledPlaceRow>>(
    `${station.url}/v1/filings/mobile/2025-09/${sheet}?within=320102&limit=1`,
  );
  expect(page.items).toMatchObject([
    sheet === 'places'
      ? { row: 2, reached: true, opticalNode: 'OLT-1', mobile: 'nr' }
      : { code: '320102', row: 2, subscribers: null, households: 100 },
  ]);
});

it.each([
  [['template', 'places', '--carrier', 'nobody', '--month', '2025-10'], 'carrier-unknown'],
  [
    ['template', 'places', '--carrier', 'telecom', '--month', '2025-10', '--area', '99'],
    'place-unknown',
  ],
  [['diff', '--carrier', 'telecom', '--month', '2025-10', '--from', '0'], 'version-malformed'],
  [['diff', '--carrier', 'telecom', '--month', '2025-1'], 'month-malformed'],
])('refuses %j', async (args, code) => {
  const ended = await tongda(['filing', ...args], data);
  expect([ended.code, ended.stderr]).toEqual([1, expect.stringContaining(`[${code}]`)]);
});

it('refuses a month that is none', async () => {
  const ended = await tongda(['filing', 'list', '--month', '2025-13'], data);
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain('month-malformed');
});
