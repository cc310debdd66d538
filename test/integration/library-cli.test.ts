/** `tongda library …`: import, check, lookup, export, targets, history. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAddress } from '../../ingest/address-space.ts';
import { loadLibrary } from '../../ingest/library.ts';
import { scratch, tongda } from '../tongda.ts';
import {
  PREFIX_HEAD,
  startFilledLibrary,
  type TestLibrary,
  trimOctober,
} from './library-fixture.ts';

const directory = scratch();
let test: TestLibrary;
beforeAll(async () => {
  test = await startFilledLibrary();
});
afterAll(async () => {
  await test?.stop();
  directory.remove();
});

const run = (...args: string[]) =>
  tongda(['library', ...args], { TONGDA_DATA: test.directory, TONGDA_CONFIG: '' });
const file = (name: string, text: string) => {
  writeFileSync(join(directory.path, name), text);
  return join(directory.path, name);
};

it('a check ends with 1 while entries overlap, and 0 once the part is declared', async () => {
  const before = await run('check', '--month', '2026-10', '--json');
  expect(before.code).toBe(1);
  expect(JSON.parse(before.stdout).overlaps.count).toBe(1);
  const declared = `${PREFIX_HEAD}\n240e:3a1::/32,移动江苏,mobile,3201,access,240e:3a0::/28,2020-01-01,,备案\n`;
  const stored = await run('import', 'prefixes', file('declared.csv', declared), '--by', 'wang');
  expect([stored.code, stored.stdout]).toEqual([0, expect.stringContaining('stored 1 rows')]);
  const after = await run('check', '--month', '2026-10');
  expect(after.code).toBe(0);
  expect(after.stdout).toContain('9/12');
  expect(after.stdout).toContain('无锡市人民政府');
});

it('faults are told, each with its line, and nothing is stored', async () => {
  const bad = `${PREFIX_HEAD}\n10.0.0.0/8,甲,,32,access,,2020-01-01,,乙\n1.2.3.4,甲,,99,fun,,x,,乙\n`;
  const refused = await run('import', 'prefixes', file('bad.csv', bad), '--by', 'w', '--json');
  expect(refused.code).toBe(1);
  const { faults, import: name } = JSON.parse(refused.stdout);
  expect(name).toBeNull();
  expect(faults.map(({ line, code }: { line: number; code: string }) => [line, code])).toEqual([
    [2, 'prefix-not-public'],
    [3, 'area-unknown'],
    [3, 'day-malformed'],
    [3, 'prefix-malformed'],
    [3, 'purpose-unknown'],
  ]);
});

it('warnings are told of what is stored all the same', async () => {
  const odd = `${PREFIX_HEAD}\n122.0.0.0/16,甲,unicon,32,access,,2020-01-01,,乙\n`;
  const told = await run('import', 'prefixes', file('odd.csv', odd), '--by', 'w', '--dry-run');
  expect([told.code, told.stdout]).toEqual([0, expect.stringContaining('[carrier-not-in-plan]')]);
  const good = odd.replace('unicon', 'unicom');
  const quiet = await run('import', 'prefixes', file('odd.csv', good), '--by', 'w', '--dry-run');
  expect(quiet.stdout).not.toContain('[carrier-not-in-plan]');
});

it('another first day is a new version, and an end ends one', async () => {
  const text = `${PREFIX_HEAD}\n120.0.0.0/16,电信江苏,telecom,3202,access,,2026-11-01,2026-11-10,备案\n`;
  expect((await run('import', 'prefixes', file('v2.csv', text), '--by', 'wang')).code).toBe(0);
  const loaded = await loadLibrary(test.store);
  const areaOn = (day: string) => loaded.chain(parseAddress('120.0.1.1') ?? 0n, day)[0]?.area;
  expect(['2026-10-31', '2026-11-01', '2026-11-10', '2026-11-11'].map(areaOn)).toEqual([
    ...['3201', '3202', '3202', undefined],
  ]);
  const looked = await run('lookup', '120.0.1.1', '--on', '2026-11-10');
  expect(looked.stdout).toContain('120.0.0.0/16\t电信江苏\ttelecom\t3202');
});

it.each(['prefixes', 'services'])(
  '%s are exported so that they import to the same',
  async (kind) => {
    const exported = await run('export', kind);
    const path = file('export.csv', exported.stdout);
    expect((await run('import', kind, path, '--by', 'wang')).code).toBe(0);
    expect((await run('export', kind)).stdout).toBe(exported.stdout);
    expect(exported.stdout.split('\r\n').length).toBe(kind === 'prefixes' ? 10 : 6);
  },
);

it.each(['prefixes', 'services'])('the template of %s can be filled in', async (kind) => {
  const path = file('template.csv', (await run('template', kind)).stdout);
  const read = await run('import', kind, path, '--by', 'wang', '--dry-run', '--json');
  expect([read.code, JSON.parse(read.stdout).faultCount]).toEqual([0, 0]);
});

it('targets and history are listed', async () => {
  const { stdout } = await run('targets', '--kind', 'media', '--json');
  expect(JSON.parse(stdout)).toMatchObject([{ host: 'jsbc.cn', port: 443 }]);
  const history = JSON.parse((await run('history', '--json')).stdout);
  expect(history).toHaveLength(6);
  expect(history[0].at >= history[1].at).toBe(true);
});

it.each([
  [['lookup', '1.2.3'], 'address-malformed'],
  [['import', 'things', 'x.csv', '--by', 'w'], 'kind-unknown'],
  [['import', 'prefixes', '/nowhere.csv', '--by', 'w'], 'file-missing'],
  [['check', '--month', '2026'], 'month-malformed'],
  [['targets', '--kind', 'x'], 'kind-unknown'],
])('%j is refused', async (args, code) => {
  const { code: exit, stderr } = await run(...args);
  expect([exit, stderr]).toEqual([1, expect.stringContaining(`[${code}]`)]);
});

it('a check of a month whose raw rows were trimmed draws no figure', async () => {
  await trimOctober(test.store);
  const { stdout } = await run('check', '--month', '2026-10');
  expect(stdout).toContain('no figure is drawn');
  expect(stdout).not.toContain('/12');
});
