/** The register by command and by API, on a running station. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../api/contract/problem.ts';
import type { ImportList, PlaceRecord } from '../../api/contract/register.ts';
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

const register = (...args: string[]) => tongda(['register', ...args], data);

function file(name: string, text: string): string {
  const path = join(directory.path, name);
  writeFileSync(path, text);
  return path;
}

const record = (code: string) => getJson<PlaceRecord>(`${station.url}/v1/register/places/${code}`);

async function problemOf(path: string): Promise<[number, string]> {
  const response = await fetch(`${station.url}${path}`);
  return [response.status, ((await response.json()) as Problem).code];
}

describe('tongda register', () => {
  it('takes its own templates: a hamlet, a line on it, a probe that reports at once', async () => {
    const stored: Record<string, { import: string; rows: number; tokens?: { token: string }[] }> =
      {};
    for (const kind of ['places', 'lines', 'probes']) {
      const { stdout } = await register('template', kind);
      const path = file(`${kind}.csv`, stdout);
      const ended = await register('import', kind, path, '--by', 'wang', '--json');
      expect(ended.code, ended.stderr).toBe(0);
      expect(ended.stderr).toMatch(/█{10} (\d+)\/\1\n/);
      stored[kind] = JSON.parse(ended.stdout);
      expect(stored[kind]).toMatchObject({ rows: 1, faults: [] });
    }
    const token = stored.probes?.tokens?.[0]?.token ?? '';
    const authorization = `Bearer ${token}`;
    const { status } = await fetch(`${station.url}/v1/instruction`, { headers: { authorization } });
    expect(status).toBe(200);

    const hamlet = await record('320102002001-001');
    expect(hamlet).toMatchObject({
      versions: [{ name: '小王庄', level: 'hamlet', parent: '320102002001', validTo: null }],
      statistics: [{ asOf: 2025, residents: 312, households: 96, source: '玄武区统计年鉴 2025' }],
    });
    expect(hamlet.versions[0]?.position).toEqual({
      ...{ lat: 32.0617, lon: 118.7969, kmOutsideCounty: 0 },
      given: { lat: 32.0617, lon: 118.7969, crs: 'CGCS2000' },
    });
    expect(hamlet.versions[0]?.import).toBe(stored.places?.import);
  });

  it('tells where a place came from and what it became', async () => {
    const path = file(
      'merge.csv',
      '变更,代码,新代码,生效日期\n合并,320102002007,320102002002,2027-01-01\n',
    );
    const ended = await register('import', 'places', path, '--by', 'li', '--note', '并\u001b村');
    expect([ended.code, ended.stdout]).toEqual([0, expect.stringContaining('已入库 1 行')]);
    expect(await record('320102002007')).toMatchObject({
      successors: ['320102002002'],
      versions: [{ ending: 'merge', validTo: '2026-12-31' }],
    });
    expect(await record('320102002002')).toMatchObject({
      successors: [],
      predecessors: [{ code: '320102002007', ending: 'merge', lastDay: '2026-12-31' }],
    });
    const before = await register('show', '320102002007', '--on', '2026-12-31', '--json');
    expect(JSON.parse(before.stdout).versions).toHaveLength(1);
    const after = await register('show', '320102002007', '--on', '2027-01-01');
    expect([after.code, after.stderr]).toEqual([1, expect.stringContaining('[place-absent]')]);
    const whole = await register('show', '320102002007');
    expect(whole.stdout).toContain('merge → 320102002002');
  });

  it('refuses a bad file with every line and column, and a known one by its bytes', async () => {
    const path = file(
      'bad.csv',
      'code,name,date,lat,lon,crs\n320102002001,另名,2027-01-01,,,\n320102002099,新村,2027-13-01,,,\n320102002098,新村,2027-01-01,32,118,\n',
    );
    const cells = await register('import', 'places', path, '--by', 'wang');
    expect(cells.code).toBe(1);
    expect(cells.stdout).toMatch(/第 3 行 line 3\tdate\t\[cell-malformed\].*\n未入库/);
    const rows = file('worse.csv', readFileSync(path, 'utf8').replace('2027-13-01', '2027-12-01'));
    const held = await register('import', 'places', rows, '--by', 'wang', '--json');
    expect(held.code).toBe(1);
    const { faults, import: stored } = JSON.parse(held.stdout);
    expect(stored).toBeNull();
    expect(faults.map(({ line, code }: { line: number; code: string }) => [line, code])).toEqual([
      [4, 'crs-missing'],
    ]);
    const again = await register(
      'import',
      'places',
      join(directory.path, 'merge.csv'),
      '--by',
      'x',
    );
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('[already-imported]')]);
    expect(again.stderr).toContain('change the file');
    const escaping = file('escape.csv', 'code,name,\u001b[2Jdate\n320102002001,新,2027-01-01\n');
    const escaped = await register('import', 'places', escaping, '--by', 'wang');
    expect(escaped.stdout).toContain('[column-unknown]');
    expect(escaped.stdout).not.toContain('\u001b');
    const named = file('named.csv', 'code,name,date\n320102002001,\u001b[2J新,2027-01-01\n');
    const refused = await register('import', 'places', named, '--by', 'wang');
    expect(refused.stdout).toContain('[cell-malformed]');
    expect(refused.stdout).not.toContain('\u001b');
    const dry = file('dry.csv', 'code,name,kind\n320102002097,新村,village_committee\n');
    const tried = await register(
      ...['import', 'places', dry, '--by', 'wang', '--valid-from', '2027-01-01', '--dry-run'],
    );
    expect([tried.code, tried.stdout]).toEqual([0, expect.stringContaining('可以入库:1 行')]);
    expect((await problemOf('/v1/register/places/320102002097'))[0]).toBe(404);
    const day = await register('import', 'places', dry, '--by', 'wang', '--valid-from', 'today');
    expect([day.code, day.stderr]).toEqual([1, expect.stringContaining('[day-malformed]')]);
    const line = file(
      'carrier.csv',
      'line,place,carrier,technology,validFrom\na,320102002001,nobody,ftth,2026-01-01\n',
    );
    const carrier = await register('import', 'lines', line, '--by', 'wang');
    expect([carrier.code, carrier.stdout]).toEqual([
      1,
      expect.stringContaining('[carrier-unknown]'),
    ]);
  });

  it('writes tokens to a new file that is its owner’s alone, and over none', async () => {
    const path = file('more-probes.csv', 'probe,line\nxuanwu-p2,xuanwu-000001\n');
    const tokens = join(directory.path, 'tokens.csv');
    const ended = await register('import', 'probes', path, '--by', 'wang', '--tokens', tokens);
    expect(ended.code).toBe(0);
    const [head, row = ''] = readFileSync(tokens, 'utf8').split('\n');
    expect([head, row]).toEqual(['probe,token', expect.stringMatching(/^xuanwu-p2,[\w-]{43}$/)]);
    expect(ended.stdout).not.toContain(row.split(',')[1]);
    expect(statSync(tokens).mode & 0o777).toBe(0o600);

    const next = file('third-probe.csv', 'probe,line\nxuanwu-p3,xuanwu-000001\n');
    const refused = await register('import', 'probes', next, '--by', 'wang', '--tokens', tokens);
    expect([refused.code, refused.stderr]).toEqual([
      ...[1, expect.stringContaining('[tokens-unwritable]')],
    ]);
    const { stdout } = await tongda(['probe', 'list'], data);
    expect([stdout.includes('xuanwu-p2'), stdout.includes('xuanwu-p3')]).toEqual([true, false]);
  });

  it('lists what was brought in, latest first, by command and by API', async () => {
    const { stdout } = await register('history', '--json');
    const { items } = await getJson<ImportList>(`${station.url}/v1/register/imports`);
    expect(JSON.parse(stdout)).toEqual(items);
    expect(items.map(({ kind, by }) => `${kind} ${by}`)).toEqual([
      ...['probes wang', 'places li', 'probes wang', 'lines wang', 'places wang', 'places tongda'],
    ]);
    expect(items[1]).toMatchObject({ file: 'merge.csv', rows: 1, note: '并\u001b村' });
    const some = await getJson<ImportList>(
      `${station.url}/v1/register/imports?kind=places&limit=1`,
    );
    expect(some.items).toEqual([items[1]]);
    const one = await register('history', '--limit', '1');
    expect(one.stdout.trimEnd().split('\n')).toEqual([
      expect.stringContaining('probes'),
      expect.stringContaining('--limit'),
    ]);
    const none = await register('history', '--limit', '0');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('[limit-malformed]')]);
    const text = await register('history', '--kind', 'lines');
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(1);
    const noted = await register('history', '--kind', 'places', '--limit', '1');
    expect(noted.stdout).toContain('并\\u{1b}村');
  });
});

describe('the API of the register', () => {
  it('answers with an ETag, and not twice the same', async () => {
    const url = `${station.url}/v1/register/places/3201`;
    const first = await fetch(url);
    const tag = first.headers.get('etag') ?? '';
    expect(tag).not.toBe('');
    expect((await fetch(url, { headers: { 'if-none-match': tag } })).status).toBe(304);
  });

  it.each<[string, [number, string]]>([
    ['/v1/register/places/330102002001', [404, 'place-unknown']],
    ['/v1/register/places/32010', [400, 'parameter-malformed']],
    ['/v1/register/places/%27', [400, 'parameter-malformed']],
    ['/v1/register/imports?kind=cats', [400, 'parameter-malformed']],
    ['/v1/register/imports?limit=0', [400, 'parameter-malformed']],
    ['/v1/register/imports?limit=9999', [400, 'parameter-malformed']],
  ])('%s', async (path, expected) => {
    expect(await problemOf(path)).toEqual(expected);
  });
});
