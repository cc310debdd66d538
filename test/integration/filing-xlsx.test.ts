/** Filings as workbooks, by command and over HTTP: a template filled in, brought in, and what is refused. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  FiledAreaRow,
  FiledPage,
  FiledPlaceRow,
  FilingProblem,
  FilingReceipt,
} from '../../api/contract/filing.ts';
import { workbookSheets } from '../../ingest/workbook.ts';
import { quietStation, withEngine } from '../faults/quiet-station.ts';
import { getJson, type RunningStation, scratch, startStation, tongda } from '../tongda.ts';
import { rawWorkbook, rowOf } from '../workbook.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const directory = scratch();
const data = quietStation(directory.path);
const MONTH = '2025-10';
const DAY = new Date('2025-10-08T00:00:00Z');
let station: RunningStation;
let token = '';

const filing = (...args: string[]) => tongda(['filing', ...args], data);
const pathOf = (name: string, content: string | Uint8Array) => {
  const path = join(directory.path, name);
  writeFileSync(path, content);
  return path;
};
async function issue(carrier: string): Promise<{ token: string; id: string }> {
  const { stdout, stderr } = await filing('token', carrier, '--json');
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  station = await startStation(data);
  token = (await issue('telecom')).token;
});
afterAll(async () => {
  await station?.stop();
  directory.remove();
});

/** Filled in as people do, cells typed as a spreadsheet types them; beside it the same as two CSVs. */
function filledIn(template: Uint8Array): { book: Buffer; places: string; areas: string } {
  const filled = workbookSheets(template).map(({ name, sheet }) => {
    const isPlaces = sheet.header.includes('光纤是否通达');
    const rows = sheet.rows.map(({ cells }, number) => {
      const [code = '', place = ''] = cells;
      if (!isPlaces) return [code, place, ...Array(8).fill(''), 100 + number];
      return number % 2 ? [code, place, '否'] : [code, place, '是', 'ftth', '007', DAY, 'nr', '注'];
    });
    return { name, isPlaces, rows: [[...sheet.header], ...rows] };
  });
  const sheets = Object.fromEntries(
    filled.map(({ name, rows }) => [name, rows.map((row, at) => rowOf(at + 1, row)).join('')]),
  );
  const csv = (kind: boolean) =>
    (filled.find(({ isPlaces }) => isPlaces === kind)?.rows ?? [])
      .map((row) => row.map((cell) => (cell === DAY ? '2025-10-08' : cell)).join(','))
      .join('\n');
  return {
    book: rawWorkbook({ sheets, formats: ['yyyy\\-mm\\-dd'] }),
    places: csv(true),
    areas: csv(false),
  };
}

const filed = async (carrier: string, month = MONTH) => {
  const rows = async <Row extends FiledPlaceRow | FiledAreaRow>(sheet: string) =>
    (
      await getJson<FiledPage<Row>>(
        `${station.url}/v1/filings/${carrier}/${month}/${sheet}?limit=1000`,
      )
    ).items;
  return { places: await rows<FiledPlaceRow>('places'), areas: await rows<FiledAreaRow>('areas') };
};

function post(
  body: NonNullable<RequestInit['body']>,
  type: string | null,
  { carrier = 'telecom', month = MONTH, more = '', bearer = token } = {},
) {
  return fetch(`${station.url}/v1/filings?carrier=${carrier}&month=${month}${more}`, {
    method: 'POST',
    body,
    headers: {
      ...(bearer && { authorization: `Bearer ${bearer}` }),
      ...(type && { 'content-type': type }),
    },
  });
}

/** How much the store holds of filings, and of imports of them. */
const held = () =>
  withEngine(data, async (store) => {
    const counts = ['filing', 'filing_place', 'filing_area', 'import'].map((table) =>
      store.read<{ n: string }>(`SELECT toString(count()) AS n FROM ${table}`, {}),
    );
    return (await Promise.all(counts)).flat().map(({ n }) => Number(n));
  });

describe('a template filled in', () => {
  const template = join(directory.path, 'template.xlsx');

  it('is a workbook of both sheets, the same over HTTP, and never written over', async () => {
    const asked = ['template', '--carrier', 'telecom', '--month', MONTH, '--area', '320102'];
    const made = await filing(...asked, '--xlsx', template);
    expect(made.code, made.stderr).toBe(0);
    const bytes = readFileSync(template);
    const sheets = workbookSheets(bytes);
    expect(sheets.map(({ name }) => name)).toEqual(['地点表', '区域表']);
    expect(sheets[0]?.sheet.rows.length).toBeGreaterThan(50);
    const address = `${station.url}/v1/filings/telecom/${MONTH}/template`;
    const told = await fetch(`${address}.xlsx?within=320102`);
    expect(told.headers.get('content-disposition')).toContain(`telecom-${MONTH}.xlsx`);
    expect(Buffer.from(await told.arrayBuffer()).equals(bytes)).toBe(true);
    const csv = await filing('template', 'areas', ...asked.slice(1));
    const areas = await fetch(`${address}.csv?sheet=areas&within=320102`);
    expect(Buffer.from(await areas.arrayBuffer()).toString()).toBe(csv.stdout);
    const again = await filing(...asked, '--xlsx', template);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('template-unwritable')]);
  });

  it('says the same as CSV, brought in by command and over HTTP', async () => {
    const { book, places, areas } = filledIn(readFileSync(template));
    const options = ['--month', MONTH, '--by', 'li', '--json'];
    const asBook = pathOf('filled.dat', book);
    const byCommand = await filing('import', asBook, '--carrier', 'mobile', ...options);
    expect(byCommand.code, byCommand.stdout + byCommand.stderr).toBe(0);
    const csvs = [pathOf('p.csv', places), pathOf('a.csv', areas)];
    const asCsv = await filing('import', ...csvs, '--carrier', 'unicom', ...options);
    expect(asCsv.code, asCsv.stdout + asCsv.stderr).toBe(0);
    const response = await post(new Uint8Array(book), XLSX);
    expect(response.status).toBe(201);
    const receipt = (await response.json()) as FilingReceipt;
    const { rows } = JSON.parse(asCsv.stdout) as FilingReceipt;
    expect(receipt).toMatchObject({ carrier: 'telecom', month: MONTH, version: 1, rows });
    const expected = await filed('unicom');
    expect(expected.places[0]).toMatchObject({
      ...{ row: 2, reached: true, technology: 'ftth', opticalNode: '007', mobile: 'nr' },
      ...{ reachedOn: '2025-10-08', note: '注' },
    });
    expect(expected.areas[0]).toMatchObject({ subscribers: null, households: 100 });
    expect(await filed('mobile')).toEqual(expected);
    expect(await filed('telecom')).toEqual(expected);
    const { items } = await getJson<{ items: { import: string; by: string; file: string }[] }>(
      `${station.url}/v1/register/imports?kind=`,
    );
    expect(items.find((one) => one.import === receipt.import)).toMatchObject({
      by: 'telecom 127.0.0.1',
      file: 'filing.xlsx',
    });
    const again = await post(new Uint8Array(book), XLSX);
    expect([again.status, await again.json()]).toMatchObject([409, { code: 'filing-again' }]);
  });

  it('may come as a form of two files, and as a look only', async () => {
    const { places, areas } = filledIn(readFileSync(template));
    const form = () => {
      const made = new FormData();
      made.append('areas', new Blob([areas]), '区域.csv');
      made.append('places', new Blob([places]), '../地点.csv');
      return made;
    };
    const before = await held();
    const month = '2025-09';
    // Reached on a day after that month.
    const refused = await post(form(), null, { month });
    const problem = (await refused.json()) as FilingProblem;
    expect(refused.status).toBe(422);
    expect(problem).toMatchObject({ code: 'filing-refused', status: 422 });
    expect(problem.faults[0]).toMatchObject({
      line: 2,
      column: '通达日期',
      code: 'date-after-month',
    });
    expect(problem.faults[0]?.zh.startsWith('地点.csv:')).toBe(true);
    const look = await post(form(), null, { more: '&dryRun=true' });
    expect([look.status, await look.json()]).toMatchObject([200, { version: null, import: null }]);
    expect(await held()).toEqual(before);
    const stored = await post(form(), null);
    expect([stored.status, await stored.json()]).toMatchObject([201, { version: 2 }]);
  });
});

const HEAD = ['区划代码', '光纤是否通达', '接入技术', '光节点', '通达日期'];
const placesBook = (...rows: (string | number | Date)[][]) =>
  rawWorkbook({
    sheets: { 表甲: [HEAD, ...rows].map((row, at) => rowOf(at + 1, row)).join('') },
    formats: ['yyyy-mm-dd'],
  });

describe('what is refused leaves the store as it was', () => {
  it.each([
    ['a code in scientific form', placesBook([3.2e23, '否']), 'number-not-text'],
    [
      'an optical node made a date',
      placesBook(['320102002001', '是', 'ftth', DAY, DAY]),
      'day-not-text',
    ],
    ['a cut workbook', placesBook(['320102002001', '否']).subarray(0, 700), 'workbook-damaged'],
    ['a document', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'workbook-old'],
    [
      'three sheets',
      rawWorkbook({ sheets: { 甲: rowOf(1, HEAD), 乙: rowOf(1, HEAD), 丙: rowOf(1, ['x']) } }),
      'filing-sheets',
    ],
  ])('%s', async (_, book, code) => {
    const before = await held();
    const brought = await filing(
      'import',
      pathOf('bad.xlsx', book),
      ...['--carrier', 'telecom'],
      ...['--month', MONTH, '--by', 'li'],
    );
    expect(brought.code).toBe(1);
    expect(brought.stdout + brought.stderr).toContain(code);
    const response = await post(new Uint8Array(book), XLSX);
    expect(response.status).toBe(422);
    expect(JSON.stringify(await response.json())).toContain(code);
    expect(await held()).toEqual(before);
  });

  const CSV = `${HEAD.join(',')}\n320102002001,否,,,\n`;
  it.each([
    ['no token', { bearer: '' }, 'text/csv', CSV, 401, 'token-missing'],
    ['a wrong token', { bearer: 'x'.repeat(43) }, 'text/csv', CSV, 401, 'token-unknown'],
    ['another carrier', { carrier: 'mobile' }, 'text/csv', CSV, 403, 'carrier-forbidden'],
    ['a month to come', { month: '2999-01' }, 'text/csv', CSV, 400, 'month-future'],
    ['no month', { month: '' }, 'text/csv', CSV, 400, 'month-malformed'],
    ['a flag that is none', { more: '&dryRun=1' }, 'text/csv', CSV, 400, 'parameter-malformed'],
    ['another type', {}, 'application/json', CSV, 415, 'content-type-unknown'],
    ['too much', {}, 'text/csv', ' '.repeat(17 << 20), 413, 'filing-too-large'],
    ['a form that is none', {}, 'multipart/form-data; boundary=x', CSV, 400, 'form-malformed'],
    [
      'a form without files',
      {},
      null,
      new URLSearchParams({ a: 'b' }),
      415,
      'content-type-unknown',
    ],
  ])('%s', async (_, over, type, body, status, code) => {
    const before = await held();
    const response = await post(body, type, over);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
    expect(await held()).toEqual(before);
  });
});

it('stops at the bound also where no length is said', async () => {
  // Not by fetch: once its connection is gone it may go on taking from an endless body, until memory ends.
  const upload = request(`${station.url}/v1/filings?carrier=telecom&month=${MONTH}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/csv' },
  });
  let isOver = false;
  const answered = new Promise<number | string | undefined>((resolve) => {
    upload.on('response', (response) => resolve(response.resume().statusCode));
    upload.on('error', () => {}).on('close', () => resolve('connection closed'));
  }).finally(() => {
    isOver = true;
  });
  let sent = 0;
  for (; !isOver && sent < 64; sent++)
    if (!upload.write(Buffer.alloc(1 << 20)))
      await Promise.race([once(upload, 'drain').catch(() => {}), answered]);
  upload.destroy();
  const answer = await answered;
  expect([413, 'connection closed']).toContain(answer);
  expect(sent).toBeLessThan(64);
});

describe('a token', () => {
  it('is shown once and stored as its hash alone', async () => {
    const { token: shown, id } = await issue('cable');
    expect(createHash('sha256').update(shown).digest('hex').startsWith(id)).toBe(true);
    const listed = await filing('token', '--json');
    expect(listed.stdout).not.toContain(shown);
    expect(JSON.parse(listed.stdout)).toContainEqual(
      expect.objectContaining({ carrier: 'cable', id, revoked: null }),
    );
  });

  it('is void once revoked, the others stay', async () => {
    const [first, second] = [await issue('cable'), await issue('cable')];
    const look = { carrier: 'cable', more: '&dryRun=true' };
    const body = `${HEAD.join(',')}\n320102002001,否,,,\n`;
    const status = async (bearer: string) =>
      (await post(body, 'text/csv', { ...look, bearer })).status;
    expect([await status(first.token), await status(second.token)]).toEqual([200, 200]);
    const revoked = await filing('token', 'cable', '--revoke', first.id);
    expect(revoked.code, revoked.stderr).toBe(0);
    // What was known of it a second ago may count no longer.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect([await status(first.token), await status(second.token)]).toEqual([401, 200]);
    expect((await filing('token', 'cable', '--revoke', first.id)).stderr).toContain('token-absent');
    expect((await filing('token', 'cable', '--revoke')).code).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await status(second.token)).toBe(401);
    expect((await filing('token', 'nobody')).stderr).toContain('carrier-unknown');
  });
});

it('brings the register in from a workbook, too', async () => {
  const book = rawWorkbook({
    sheets: {
      地点:
        rowOf(1, ['action', 'code', 'name', 'date', 'households', 'asOf', 'source']) +
        rowOf(2, ['补充', '320102002001', '', DAY, 96, 2025, '年鉴']),
    },
    formats: ['yyyy-mm-dd'],
  });
  const brought = await tongda(
    [
      'register',
      'import',
      'places',
      pathOf('places.xlsx', book),
      '--by',
      'li',
      '--dry-run',
      '--json',
    ],
    data,
  );
  expect(JSON.parse(brought.stdout), brought.stderr).toMatchObject({ rows: 1, faultCount: 0 });
});
