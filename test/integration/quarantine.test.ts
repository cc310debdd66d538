import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeasurementPage } from '../../api/contract/measurement.ts';
import type { Problem } from '../../api/contract/problem.ts';
import type { QuarantinePage, QuarantineRow } from '../../api/contract/quarantine.ts';
import { ADMISSION_RULES } from '../../ingest/admission.ts';
import { monthOf, monthSpan } from '../../ingest/month.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { acknowledgementSchema } from '../../probes/report.ts';
import { quietStation } from '../faults/quiet-station.ts';
import { aMeasurement } from '../measurement.ts';
import { getJson, type RunningStation, scratch, startStation, tongda } from '../tongda.ts';

const directory = scratch();
const data = quietStation(directory.path);
let station: RunningStation;
let token: string;

/** The last turn of a month, and a day within the month before it. */
const turn = monthSpan(monthOf(new Date())).start;
const before = new Date(turn.getTime() - 5 * 86_400_000);

beforeAll(async () => {
  station = await startStation(data);
  const added = await tongda(
    [
      'probe',
      'add',
      'xuanwu-1',
      ...['--line', 'line-1', '--place', '320102002001', '--carrier', 'telecom'],
      ...['--from', before.toISOString().slice(0, 10), '--json'],
    ],
    data,
  );
  token = JSON.parse(added.stdout).token;
});
afterAll(async () => {
  await station?.stop();
  directory.remove();
});

async function send(lines: readonly (Measurement | string)[]) {
  const header = JSON.stringify({
    version: 1,
    date: new Date().toISOString(),
    agentId: 'xuanwu-1',
    results: lines.length,
  });
  const body = [header, ...lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l)))];
  const response = await fetch(`${station.url}/v1/reports`, {
    method: 'POST',
    body: `${body.join('\n')}\n`,
    headers: { authorization: `Bearer ${token}` },
  });
  return acknowledgementSchema.parse(await response.json());
}

const quarantined = (query = '') =>
  getJson<QuarantinePage>(`${station.url}/v1/quarantine${query}`).then(({ items }) => items);
const measured = (sequence: number) =>
  getJson<MeasurementPage>(`${station.url}/v1/measurements?limit=1000`).then(({ items }) =>
    items.filter((item) => item.sequence === sequence),
  );
const command = async (...args: string[]) => {
  const ended = await tongda(['quarantine', ...args], data);
  return { ...ended, json: ended.stdout === '' ? null : JSON.parse(ended.stdout) };
};
const release = (sha256: string, ...args: string[]) =>
  command('release', sha256, '--by', 'wang', '--why', '已核对时钟', '--json', ...args);

const doubtful = aMeasurement({
  sequence: 1,
  start: turn.toISOString(),
  clock: { synchronised: null, offsetMs: 0, uncertaintyMs: 60_000 },
  samples: [1, 2, 3],
});
const strange = aMeasurement({ sequence: 2, start: turn.toISOString(), metric: 'guess' });
const homeless = aMeasurement({
  sequence: 3,
  start: new Date(before.getTime() - 3 * 86_400_000).toISOString(),
});

describe('what was refused', () => {
  it('is listed with reason and head, page by page', async () => {
    const answer = await send([doubtful, strange, homeless, 'no json \u0007']);
    expect(answer.quarantined.map(({ code }) => code)).toEqual([
      'month-uncertain',
      'unknown-metric',
      'unbound',
      'malformed-json',
    ]);
    const rows = await quarantined();
    expect(rows).toHaveLength(4);
    expect(rows.find(({ code }) => code === 'unbound')).toMatchObject({
      probe: 'xuanwu-1',
      sequence: 3,
      line: 4,
      released: null,
      title: { en: expect.any(String), zh: expect.any(String) },
    });
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await getJson<QuarantinePage>(
        `${station.url}/v1/quarantine?limit=1${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ sha256 }) => sha256));
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(new Set(seen)).toEqual(new Set(rows.map(({ sha256 }) => sha256)));
    expect(seen).toHaveLength(4);
  });

  it('is filtered by reason and probe, found by its text, and counted', async () => {
    expect(await quarantined('?code=unbound')).toHaveLength(1);
    expect(await quarantined('?probe=nobody')).toHaveLength(0);
    const found = await command('search', 'GUESS', '--json');
    expect(found.json.map((row: QuarantineRow) => row.code)).toEqual(['unknown-metric']);
    const counted = await command('count', '--json');
    expect(counted.json).toHaveLength(4);
    expect(counted.json[0]).toMatchObject({ probe: 'xuanwu-1', rows: 1, released: 0 });
  });

  it('cannot steer the terminal it is shown on', async () => {
    const [row] = await quarantined('?code=malformed-json');
    const { stdout } = await tongda(['quarantine', 'show', row?.sha256 ?? ''], data);
    expect(stdout).toContain('no json \\u{7}');
    expect(stdout).not.toContain('\u0007');
  });

  it.each([
    ['?code=nothing', 400, 'parameter-malformed'],
    ['?cursor=x', 400, 'parameter-malformed'],
    ['?limit=0', 400, 'parameter-malformed'],
  ])('answers %s with a problem', async (query, status, code) => {
    const response = await fetch(`${station.url}/v1/quarantine${query}`);
    expect((await response.json()) as Problem).toMatchObject({ status, code });
  });
});

describe('a release', () => {
  it('is refused while the reason stands', async () => {
    for (const [code, sequence] of [
      ['unbound', 3],
      ['month-uncertain', 1],
      ['unknown-metric', 2],
    ] as const) {
      const [row] = await quarantined(`?code=${code}`);
      const { code: exit, json } = await release(row?.sha256 ?? '');
      expect(exit).toBe(1);
      expect(json).toMatchObject([{ released: false, code }]);
      expect(await measured(sequence)).toEqual([]);
    }
  });

  it('of a day that is no longer kept whole is refused, whoever vouches for it', async () => {
    // Younger than what no spool holds, older than what the plan of 400 days takes.
    const start = new Date(Date.now() - 399 * 86_400_000).toISOString();
    const answer = await send([aMeasurement({ sequence: 20, start })]);
    expect(answer).toMatchObject({ stored: 0, quarantined: [{ code: 'beyond-retention' }] });
    const [row] = await quarantined('?code=beyond-retention');
    const { code, json } = await release(row?.sha256 ?? '', '--vouch-clock');
    expect([code, json[0].code]).toEqual([1, 'beyond-retention']);
    expect(await measured(20)).toEqual([]);
  });

  it('stores the row under its identity once the binding is mended, and only once', async () => {
    const mended = await tongda(
      [
        'probe',
        'add',
        'xuanwu-2',
        ...['--line', 'line-1', '--place', '320102002001', '--carrier', 'telecom'],
        ...['--from', '2026-01-01', '--json'],
      ],
      data,
    );
    expect(mended.code).toBe(0);
    const [row] = await quarantined('?code=unbound');
    for (const _ of [1, 2]) expect((await release(row?.sha256 ?? '')).json[0].released).toBe(true);
    expect(await measured(3)).toMatchObject([
      { start: homeless.start, line: 'line-1', place: '320102002001', values: homeless.values },
    ]);
    const [after] = await quarantined('?code=unbound');
    expect(after?.released).not.toBeNull();
  });

  it('of a doubtful clock needs a reviewer’s word, and keeps it', async () => {
    const [row] = await quarantined('?code=month-uncertain');
    expect((await release(row?.sha256 ?? '', '--vouch-clock')).code).toBe(0);
    expect(await measured(1)).toHaveLength(1);
    const { json } = await command('show', (row?.sha256 ?? '').slice(0, 10), '--json');
    expect(json[0].releases).toMatchObject([
      { by: 'wang', why: '已核对时钟', vouchedClock: true, admission: ADMISSION_RULES },
    ]);
    const counted = await command('count', '--json');
    expect(counted.json.find((line: { code: string }) => line.code === 'month-uncertain')).toEqual(
      expect.objectContaining({ rows: 1, released: 1 }),
    );
  });

  it('never makes two measurements of one sequence', async () => {
    const day = before.getTime() + 86_400_000;
    await send([
      aMeasurement({ sequence: 10, start: new Date(day).toISOString() }),
      aMeasurement({ sequence: 10, start: new Date(day + 5_000).toISOString() }),
    ]);
    const [row] = await quarantined('?code=sequence-conflict');
    const { code, json } = await release(row?.sha256 ?? '', '--vouch-clock');
    expect([code, json[0].code]).toEqual([1, 'sequence-conflict']);
    expect(await measured(10)).toHaveLength(1);
  });

  it.each([
    ['nobody', ['release', 'a'.repeat(64), '--by', ' ', '--why', 'x'], 'release-unsigned'],
    ['an unknown row', ['show', 'a'.repeat(64)], 'quarantine-unknown'],
    ['too short a name', ['show', 'abc'], 'quarantine-prefix-malformed'],
    ['a limit that is none', ['list', '--limit', 'all'], 'limit-malformed'],
  ])('of %s is refused', async (_, args, code) => {
    const ended = await tongda(['quarantine', ...args], data);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(`[${code}]`);
  });
});
