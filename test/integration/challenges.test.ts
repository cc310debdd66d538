/** Challenges over the API on the real engine: from a disputed standing to a decision, and as of every day between. */
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app } from '../../api/app.ts';
import type { ChallengeDetail, ChallengePage } from '../../api/contract/challenge.ts';
import type { StandingEvidence, StandingPage } from '../../api/contract/filing.ts';
import type { MeasurementPage } from '../../api/contract/measurement.ts';
import type { Problem } from '../../api/contract/problem.ts';
import { EvidenceReader } from '../../api/evidence.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { file } from '../../ingest/filing-store.ts';
import { FilingTokens, issueFilingToken } from '../../ingest/filing-token.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const V = (number: number) => `32010200100${number}`;
const SUBJECT = { month: '2026-10', target: 'fibre-villages', carrier: 'telecom' };
const QUERY = new URLSearchParams(SUBJECT);
const DISPUTE = { ...SUBJECT, place: V(1), by: '李', text: '两条线路当日割接' };
const PASSWORD = 'open sesame';
const HEAD = 'code,reached,technology,optical node,date reached';
/** In V(1) two lines of three fail, in V(2) the only one passes. */
const RATES = { a: [V(1), 50e6], b: [V(1), 1e6], c: [V(1), 2e6], d: [V(2), 50e6] } as const;

let test: TestStore;
let api: Hono;
let reader: EvidenceReader;
let now: Date;
/** So late that nobody's answer of a moment ago is given out again. */
function at(instant: string): void {
  now = new Date(instant);
}

function build(password: string | null): Hono {
  const { store } = test;
  const probes = { collector: new Hono(), controller: new Hono(), intake: new Hono() };
  const tokens = new FilingTokens(store);
  return app({ ...probes, store, reader, tokens, password, software: 'test', log: silent });
}

const LOGIN = { authorization: `Basic ${Buffer.from(`reviewer:${PASSWORD}`).toString('base64')}` };

async function ask<T>(path: string, status = 200): Promise<T> {
  const response = await api.request(`/v1/${path}`, { headers: LOGIN });
  expect([response.status, path]).toEqual([status, path]);
  return (await response.json()) as T;
}
async function post<T = ChallengeDetail>(path: string, body: unknown, status = 201): Promise<T> {
  const response = await api.request(`/v1/challenges${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...LOGIN, 'content-type': 'application/json' },
  });
  const answer = (await response.json()) as { readonly code?: string };
  expect([response.status, answer.code]).toEqual([status, answer.code]);
  return answer as T;
}
const say = (id: string, kind: string, over: object = {}) =>
  post(`/${id}/events`, { kind, by: '王', text: '因为', ...over });
const evidence = (code = V(1), receivedBy = '') =>
  ask<StandingEvidence>(`standings/${code}?${QUERY}${receivedBy && `&receivedBy=${receivedBy}`}`);
async function stored(): Promise<number> {
  const [row] = await test.store.read<{ n: number }>('SELECT count() AS n FROM challenge_event');
  return row?.n ?? 0;
}

beforeAll(async () => {
  test = await startTestStore();
  const { store } = test;
  await defineMetricViews(store, METRICS);
  const places = [
    ...[['32', 'province', ''] as const, ['3201', 'city', '32'] as const],
    ...[['320102', 'county', '3201'] as const, ['320102001', 'township', '320102'] as const],
    ...[1, 2, 3].map((number) => [V(number), 'village', '320102001'] as const),
  ];
  await store.insert(
    'place',
    places.map(([code, level, parent]) => ({
      ...{ code, name: `名${code}`, level, parent, kind: '', validFrom: '2013-06-15' },
      source: 'test',
    })),
  );
  await store.insert(
    'line',
    Object.entries(RATES).map(([line, [place]]) => ({
      ...{ line, place, carrier: 'telecom', technology: 'ftth', validFrom: '2020-01-01' },
      ...{ subscribedDownBps: null, subscribedUpBps: null },
    })),
  );
  await store.insert(
    'measurement',
    Object.entries(RATES).flatMap(([line, [place, rate]]) =>
      [0, 1, 2].map((sequence) =>
        aMeasurementRow({
          ...{ line, place, carrier: 'telecom', probe: line, sequence, metric: 'throughput' },
          ...{ method: 'throughput/1', family: 6, v0: rate },
          start: `2026-10-0${sequence + 3}T04:00:00.000Z`,
        }),
      ),
    ),
  );
  await fileNow([1, 2], '2026-11-03T02:00:00Z');
  reader = new EvidenceReader(store, uncheckedPlanOf('jiangsu-2013'), () => now);
  at('2026-11-05T02:00:00Z');
  api = build(PASSWORD);
}, 60_000);
afterAll(() => test?.stop());

function fileNow(villages: readonly number[], instant: string, node = 'OLT-1') {
  const rows = villages.map((number) => `${V(number)},yes,ftth,${node},2026-10-01`);
  const bytes = Buffer.from([HEAD, ...rows].join('\n'));
  return file(
    test.store,
    {
      ...{ carrier: 'telecom', month: '2026-10', dryRun: false },
      files: [{ file: 'p.csv', bytes, by: 'wang', note: '' }],
    },
    ['telecom'],
    new Date(instant),
  );
}

describe('a challenge', () => {
  let id: string;

  it('is opened on a standing as it stood, with evidence that the store has', async () => {
    expect((await evidence()).standing).toBe('contradicted');
    const opened = await post('', {
      ...DISPUTE,
      party: 'telecom',
      measurements: [{ probe: 'b', sequence: 0, start: '2026-10-03T04:00:00Z' }],
      files: [{ name: '割接.pdf', sha256: 'ab'.repeat(32), sizeB: 1234 }],
    });
    id = opened.id;
    expect(id).toMatch(/^20261105-[a-z0-9]{4}$/);
    expect(opened).toMatchObject({
      ...{ state: 'open', party: 'telecom', disputed: 'contradicted', method: 'challenge/1' },
      place: { code: V(1), name: `名${V(1)}` },
      awaits: { what: 'reply', of: 'authority', due: '2026-12-05T16:00:00.000Z', late: false },
      log: [
        {
          ...{ kind: 'opened', by: '李', entered: 'authority', counts: true },
          files: [{ name: '割接.pdf', sha256: 'ab'.repeat(32), sizeB: 1234 }],
          measurements: [{ probe: 'b', sequence: 0, row: { line: 'b', metric: 'throughput' } }],
          stood: {
            ...{ standing: 'contradicted', method: 'standing/1', rule: { minimumRuns: 3 } },
            declared: { row: 2, reached: true, technology: 'ftth', opticalNode: 'OLT-1' },
            lines: { passed: ['a'], failed: ['b', 'c'] },
          },
        },
      ],
    });
    const filing = (await evidence()).filing;
    expect(opened.log[0]?.stood?.filing).toBe(filing?.import);
    expect(await ask(`challenges/${id}`)).toEqual(opened);
    const href = opened.log[0]?.measurements[0]?.row?.href ?? '';
    const rows = await ask<MeasurementPage>(href.replace('/v1/', ''));
    expect(rows.items.map((row) => row.id)).toEqual(['b:0']);
  });

  it('shows on its standing and on no other', async () => {
    expect(await evidence()).toMatchObject({
      ...{ standing: 'contradicted', remarks: ['lines-fail', 'disputed'], judged: null },
      challenges: [{ id, state: 'open', party: 'telecom', decided: null, bears: false }],
      disputes: { method: 'challenge/1', undecided: 1, decided: 0, changed: 0 },
    });
    expect(await evidence(V(2))).toMatchObject({ standing: 'confirmed', challenges: [] });
    const page = await ask<StandingPage>(`standings?${QUERY}`);
    expect(page.items.map(({ remarks }) => remarks.includes('disputed'))).toEqual([
      true,
      false,
      false,
    ]);
    const list = await ask<ChallengePage>(page.disputes.list.replace('/v1/', ''));
    expect(list.items.map((row) => row.id)).toEqual([id]);
  });

  it('changes nothing by a reply, and the standing by a decision that says why', async () => {
    at('2026-11-10T02:00:00Z');
    const replied = await say(id, 'conceded');
    expect(replied).toMatchObject({
      state: 'conceded',
      awaits: { what: 'decision', of: 'authority', due: '2026-12-10T16:00:00.000Z' },
    });
    expect(await evidence()).toMatchObject({ standing: 'contradicted' });
    at('2026-11-12T02:00:00Z');
    const decided = await say(id, 'upheld', { text: '割接期间不予采信', setsAside: ['b', 'c'] });
    expect(decided).toMatchObject({ state: 'upheld', awaits: null });
    const after = await evidence();
    expect(after).toMatchObject({
      ...{ standing: 'confirmed', remarks: ['decided'] },
      judged: { standing: 'contradicted', remarks: ['lines-fail'] },
      challenges: [
        { id, state: 'upheld', why: '割接期间不予采信', setsAside: ['b', 'c'], bears: true },
      ],
      disputes: { undecided: 0, decided: 1, changed: 1 },
    });
    expect(after.lines.map(({ line, passed, setAside }) => [line, passed, setAside])).toEqual([
      ['a', true, undefined],
      ['b', false, id],
      ['c', false, id],
    ]);
    const page = await ask<StandingPage>(`standings?${QUERY}`);
    expect(page.counts).toMatchObject({ confirmed: 2, contradicted: 0, 'no evidence': 1 });
    expect(page.items[0]?.lines).toEqual({ registered: 3, sufficient: 1, passed: 1 });
  });

  it('is told as of every day as it was then', async () => {
    const then = async (receivedBy: string) => {
      const { standing, remarks, challenges } = await evidence(V(1), receivedBy);
      return [standing, remarks, challenges.map(({ state }) => state)];
    };
    expect(await then('2026-11-04T00:00:00Z')).toEqual(['contradicted', ['lines-fail'], []]);
    const disputed = ['lines-fail', 'disputed'];
    expect(await then('2026-11-06T00:00:00Z')).toEqual(['contradicted', disputed, ['open']]);
    expect(await then('2026-11-11T00:00:00Z')).toEqual(['contradicted', disputed, ['conceded']]);
    expect(await then('2026-11-12T02:00:00Z')).toEqual(['confirmed', ['decided'], ['upheld']]);
    const { standingBefore } = await ask<ChallengeDetail>(`challenges/${id}`);
    const before = await ask<StandingEvidence>(standingBefore.replace('/v1/', ''));
    expect(before).toMatchObject({ standing: 'contradicted', challenges: [] });
  });

  it.each([
    ['dismissed', {}, 409, 'challenge-decided'],
    ['rebutted', {}, 409, 'challenge-decided'],
    ['withdrawn', { party: 'telecom' }, 409, 'challenge-decided'],
  ])('hears no %s after that', async (kind, over, status, code) => {
    const before = await stored();
    const body = { kind, by: '王', text: '再议', ...over };
    expect(await post<Problem>(`/${id}/events`, body, status)).toMatchObject({ code });
    expect(await stored()).toBe(before);
  });

  it('that the authority opens waits for the carrier, and is decided without it in the end', async () => {
    at('2026-11-15T02:00:00Z');
    const opened = await post('', { ...DISPUTE, place: V(2), text: '现场无光缆' });
    const decision = { kind: 'upheld', by: '王', text: '现场查看', sets: 'contradicted' };
    const early = await post<Problem>(`/${opened.id}/events`, decision, 409);
    expect(early.code).toBe('challenge-reply-awaited');
    at('2026-12-15T16:00:00Z');
    const states = async (query: string) =>
      (await ask<ChallengePage>(`challenges?${query}`)).items.map((row) => row.id);
    expect(await states('state=overdue')).toEqual([opened.id]);
    expect(await states('month=2026-10')).toEqual([opened.id, id]);
    expect(
      await states(`place=${V(1)}&state=upheld&target=fibre-villages&carrier=telecom`),
    ).toEqual([id]);
    expect(await states('month=2026-09')).toEqual([]);
    const first = await ask<ChallengePage>('challenges?limit=1');
    expect([first.items[0]?.id, first.next]).toEqual([opened.id, opened.id]);
    expect(await states(`limit=1&cursor=${first.next}`)).toEqual([id]);
    await post(`/${opened.id}/events`, decision);
    expect(await evidence(V(2))).toMatchObject({
      ...{ standing: 'contradicted', judged: { standing: 'confirmed' }, remarks: ['decided'] },
    });
    // The carrier states otherwise: what was decided of the old statement is no word on the new one.
    at('2026-12-20T02:00:00Z');
    await fileNow([1, 2], '2026-12-20T01:00:00Z', 'OLT-9');
    expect(await evidence(V(2))).toMatchObject({
      ...{ standing: 'confirmed', remarks: ['decided', 'decision-outdated'], judged: null },
      challenges: [{ sets: 'contradicted', bears: false }],
    });
    // A line that does not count does not count, whatever is declared.
    expect(await evidence(V(1))).toMatchObject({ standing: 'confirmed', remarks: ['decided'] });
  });
});

describe('what is refused', () => {
  it.each([
    [{ place: V(9) }, 404, 'place-unknown'],
    [{ place: '320102' }, 404, 'place-unknown'],
    [{ target: 'nothing' }, 404, 'target-unknown'],
    [{ target: 'ipv6-network' }, 404, 'target-declares-nothing'],
    [{ carrier: 'nobody' }, 400, 'carrier-unknown'],
    [{ month: '2026-13' }, 400, 'month-malformed'],
    [{ month: '2027-03' }, 400, 'month-future'],
    [{ party: 'mobile' }, 400, 'party-unknown'],
    [{ text: '' }, 400, 'challenge-malformed'],
    [
      { measurements: [{ probe: 'b', sequence: 0, start: '2026-10-04T04:00:00Z' }] },
      404,
      'evidence-unknown',
    ],
  ])('opening with %j stores nothing', async (over, status, code) => {
    at('2026-12-21T02:00:00Z');
    const before = await stored();
    const body = { ...DISPUTE, place: V(3), ...over };
    expect(await post<Problem>('', body, status)).toMatchObject({
      code,
      detail: expect.any(String),
    });
    expect(await stored()).toBe(before);
  });

  it('is a second one of the same, what no party may say, and a line that is not there', async () => {
    at('2026-12-22T02:00:00Z');
    const { id } = await post('', { ...DISPUTE, place: V(3), party: 'telecom' });
    const before = await stored();
    const again = await post<Problem>('', { ...DISPUTE, place: V(3), party: 'telecom' }, 409);
    expect(again).toMatchObject({ code: 'challenge-open', detailEn: expect.stringContaining(id) });
    const word = { by: '王', text: '因' };
    for (const [body, status, code] of [
      [{ kind: 'rebutted', party: 'telecom' }, 403, 'challenge-party'],
      [{ kind: 'withdrawn' }, 403, 'challenge-party'],
      [{ kind: 'upheld', setsAside: ['a'] }, 404, 'line-unknown'],
      [{ kind: 'upheld' }, 400, 'decision-incomplete'],
      [{ kind: 'evidence' }, 400, 'evidence-missing'],
    ] as const)
      expect(await post<Problem>(`/${id}/events`, { ...word, ...body }, status)).toMatchObject({
        code,
      });
    expect(await post<Problem>('/none/events', { ...word, kind: 'dismissed' }, 404)).toMatchObject({
      code: 'challenge-unknown',
    });
    expect(await ask<Problem>('challenges/none', 404)).toMatchObject({ code: 'challenge-unknown' });
    expect(await stored()).toBe(before);
    // Without a filing there is a standing all the same.
    const withdrawn = await say(id, 'withdrawn', { party: 'telecom' });
    expect(withdrawn).toMatchObject({ state: 'withdrawn', disputed: 'no evidence' });
    expect(await evidence(V(3))).toMatchObject({
      remarks: [],
      challenges: [{ state: 'withdrawn' }],
    });
  });

  it.each(['month=x', 'target=x', 'carrier=x', 'place=%27', 'state=x', 'cursor=x', 'limit=0'])(
    'is a list with %s',
    async (query) => {
      expect(await ask<Problem>(`challenges?${query}`, 400)).toMatchObject({
        code: 'parameter-malformed',
      });
    },
  );

  it('is whoever has no password, what is no JSON, and what is too large', async () => {
    const before = await stored();
    const send = (on: Hono, headers: Record<string, string>, body: string) =>
      on.request('http://localhost/v1/challenges', { method: 'POST', headers, body });
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ ...DISPUTE, place: V(2) });
    expect((await send(api, json, body)).status).toBe(401);
    const codeOf = async (answer: Response) => [
      answer.status,
      ((await answer.json()) as Problem).code,
    ];
    const form = { ...LOGIN, 'content-type': 'text/plain' };
    expect(await codeOf(await send(api, form, body))).toEqual([415, 'body-not-json']);
    expect(await codeOf(await send(api, { ...LOGIN, ...json }, '{'))).toEqual([
      400,
      'challenge-malformed',
    ]);
    const large = 'x'.repeat(300_000);
    const length = { 'content-length': String(large.length) };
    expect(await codeOf(await send(api, { ...LOGIN, ...json, ...length }, large))).toEqual([
      413,
      'challenge-too-large',
    ]);
    const open = build(null);
    expect(await codeOf(await send(open, json, body))).toEqual([403, 'password-needed']);
    expect((await open.request('http://localhost/v1/challenges')).status).toBe(200);
    expect(await stored()).toBe(before);
  });
});

it('hears one of two decisions that are taken at once', async () => {
  at('2026-12-23T02:00:00Z');
  const { id } = await post('', { ...DISPUTE, place: V(3), party: 'telecom', text: '再议' });
  at('2026-12-24T02:00:00Z');
  const word = { by: '王', text: '决定' };
  const both = await Promise.all(
    ['dismissed', 'dismissed'].map((kind) =>
      api.request(`/v1/challenges/${id}/events`, {
        method: 'POST',
        body: JSON.stringify({ ...word, kind }),
        headers: { ...LOGIN, 'content-type': 'application/json' },
      }),
    ),
  );
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  const { state, log } = await ask<ChallengeDetail>(`challenges/${id}`);
  expect(state).toBe('dismissed');
  expect(log.map(({ kind, counts }) => [kind, counts])).toEqual([
    ['opened', true],
    ['dismissed', true],
  ]);
});

it('lets a carrier speak for itself by its own token, and for nobody else', async () => {
  at('2026-12-26T02:00:00Z');
  const { store } = test;
  const issued = await Promise.all(
    ['telecom', 'mobile'].map((carrier) => issueFilingToken(store, carrier, now)),
  );
  const [own = '', foreign = ''] = issued.map(({ token }) => token);
  const send = async (token: string, path: string, body: object) => {
    const answer = await api.request(`/v1/challenges${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
    return { status: answer.status, said: (await answer.json()) as ChallengeDetail & Problem };
  };
  const dispute = { ...DISPUTE, place: V(3), party: 'telecom', text: '我们不同意' };
  const before = await stored();
  for (const [token, party, status, code] of [
    [foreign, 'telecom', 403, 'party-foreign'],
    [own, 'authority', 403, 'party-foreign'],
    [`${own.slice(0, -2)}xx`, 'telecom', 401, 'token-unknown'],
  ] as const) {
    const refused = await send(token, '', { ...dispute, party });
    expect([refused.status, refused.said.code]).toEqual([status, code]);
  }
  expect(await stored()).toBe(before);
  const opened = await send(own, '', dispute);
  expect(opened.status).toBe(201);
  expect(opened.said.log[0]).toMatchObject({ entered: 'telecom', party: 'telecom' });
  const decision = { kind: 'dismissed', by: '李', text: '自决' };
  const decided = await send(own, `/${opened.said.id}/events`, decision);
  expect(decided.status).toBe(403);
  const reading = await api.request('/v1/challenges', {
    headers: { authorization: `Bearer ${own}` },
  });
  expect(reading.status).toBe(401);
});
