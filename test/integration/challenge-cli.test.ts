/** Challenges by command on a running station, and as its API then tells them. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChallengeDetail, ChallengePage, ChallengeRow } from '../../api/contract/challenge.ts';
import type { StandingEvidence } from '../../api/contract/filing.ts';
import type { MeasurementPage } from '../../api/contract/measurement.ts';
import { quietStation, withEngine } from '../faults/quiet-station.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { getJson, type RunningStation, scratch, startStation, tongda } from '../tongda.ts';

const directory = scratch();
const data = quietStation(directory.path);
const PLACE = '320102002001';
const OF = ['--month', '2025-10', '--target', 'fibre-villages', '--place', PLACE];
const SIGNED = ['--by', '王', '--why', '现场查看'];
let station: RunningStation;

const challenge = (...args: string[]) => tongda(['challenge', ...args], data);
async function told<T = ChallengeDetail>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await challenge(...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}
async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await challenge(...args);
  expect(code).toBe(1);
  return /\[([a-z-]+)\]/.exec(stderr)?.[1] ?? stderr;
}
const standing = () =>
  getJson<StandingEvidence>(
    `${station.url}/v1/standings/${PLACE}?target=fibre-villages&month=2025-10&carrier=telecom`,
  );

beforeAll(async () => {
  station = await startStation(data);
  const places = join(directory.path, 'places.csv');
  writeFileSync(
    places,
    `区划代码,光纤是否通达,接入技术,光节点,通达日期\n${PLACE},是,ftth,OLT-7,2025-10-08\n`,
  );
  const filed = ['--carrier', 'telecom', '--month', '2025-10', '--by', 'wang'];
  await tongda(['filing', 'import', places, ...filed], data);
  const bound = [
    '--line',
    'slow',
    '--place',
    PLACE,
    '--carrier',
    'telecom',
    '--from',
    '2025-01-01',
  ];
  const { code, stderr } = await tongda(['probe', 'add', 'slow', ...bound], data);
  expect(code, stderr).toBe(0);
  await withEngine(data, (store) =>
    store.insert(
      'measurement',
      Array.from({ length: 12 }, (_, sequence) =>
        aMeasurementRow({
          ...{ line: 'slow', place: PLACE, carrier: 'telecom', probe: 'slow', sequence },
          ...{ metric: 'throughput', method: 'throughput/1', family: 6, v0: 1e6 },
          start: `2025-10-${String(sequence + 10)}T04:00:00.000Z`,
        }),
      ),
    ),
  );
}, 60_000);
afterAll(async () => {
  await station?.stop();
  directory.remove();
});

it('goes from a disputed standing to a decision, and the API tells the same', async () => {
  expect((await standing()).standing).toBe('contradicted');
  const path = join(directory.path, '割接 通知.pdf');
  const bytes = Buffer.from('cut over');
  writeFileSync(path, bytes);
  const opened = await told(
    ...['open', ...OF, '--carrier', 'telecom', '--party', 'telecom', ...SIGNED],
    ...['--file', path, '--row', 'slow/3/2025-10-13T04:00:00.000Z'],
  );
  const { id } = opened;
  expect(opened).toMatchObject({
    ...{ state: 'open', disputed: 'contradicted', awaits: { of: 'authority' } },
    log: [
      {
        ...{ party: 'telecom', entered: 'authority', measurements: [{ row: { line: 'slow' } }] },
        files: [
          {
            ...{ name: '割接 通知.pdf', sizeB: bytes.length },
            sha256: createHash('sha256').update(bytes).digest('hex'),
          },
        ],
      },
    ],
  });
  expect(await getJson(`${station.url}/v1/challenges/${id}`)).toEqual(opened);
  const href = opened.log[0]?.measurements[0]?.row?.href;
  const row = await getJson<MeasurementPage>(`${station.url}${href}`);
  expect(row.items.map((item) => item.id)).toEqual(['slow:3']);
  expect((await standing()).remarks).toContain('disputed');

  expect(await refused('reply', id, ...SIGNED)).toBe('reply-missing');
  expect(await refused('decide', id, ...SIGNED)).toBe('decision-missing');
  expect(await refused('decide', id, '--uphold', ...SIGNED)).toBe('decision-incomplete');
  expect(await refused('decide', id, '--uphold', '--set-aside', 'no', ...SIGNED)).toBe(
    'line-unknown',
  );
  expect(await refused('evidence', id, ...SIGNED)).toBe('evidence-missing');
  expect(await refused('evidence', id, ...SIGNED, '--row', 'slow')).toBe('row-malformed');
  expect(await refused('evidence', id, ...SIGNED, '--file', '/nowhere')).toBe('file-missing');
  expect((await told('show', id)).log).toHaveLength(1);

  await told('evidence', id, '--party', 'telecom', ...SIGNED, '--file', path);
  expect(await told('reply', id, '--rebut', ...SIGNED)).toMatchObject({ state: 'rebutted' });
  const decided = await told('decide', id, '--uphold', '--set-aside', 'slow', ...SIGNED);
  expect(decided.log.map(({ kind }) => kind)).toEqual(['opened', 'evidence', 'rebutted', 'upheld']);
  expect(await standing()).toMatchObject({
    ...{ standing: 'declared', judged: { standing: 'contradicted' } },
    challenges: [{ id, state: 'upheld', why: '现场查看', bears: true }],
  });
  expect(await refused('decide', id, '--dismiss', ...SIGNED)).toBe('challenge-decided');

  const { stdout } = await challenge('show', id);
  for (const text of [id, '异议成立', '割接 通知.pdf', 'slow/3/', '不予采信 sets aside slow'])
    expect(stdout).toContain(text);
});

it('lists what waits for whom, and takes a challenge back', async () => {
  const { id } = await told('open', ...OF, '--carrier', 'telecom', ...SIGNED);
  const rows = await told<ChallengeRow[]>('list', '--month', '2025-10');
  expect(rows.map(({ state, awaits }) => [state, awaits?.of])).toEqual([
    ['open', 'telecom'],
    ['upheld', undefined],
  ]);
  const page = await getJson<ChallengePage>(`${station.url}/v1/challenges?month=2025-10`);
  expect(page.items).toEqual(rows);
  expect(await told<ChallengeRow[]>('list', '--state', 'open', '--limit', '1')).toHaveLength(1);
  expect(await refused('list', '--state', 'asleep')).toBe('parameter-malformed');
  expect(await told('withdraw', id, ...SIGNED)).toMatchObject({ state: 'withdrawn' });
  const { stdout } = await challenge('list');
  expect(stdout.split('\n').filter((line) => line.includes('已撤回'))).toHaveLength(1);
});

it('teaches by its help', async () => {
  for (const command of ['open', 'reply', 'evidence', 'decide', 'withdraw', 'list', 'show']) {
    const { code, stdout } = await challenge(command, '--help');
    expect([command, code]).toEqual([command, 0]);
    expect(stdout).toContain(`tongda challenge ${command} `);
  }
});
