/**
 * Every indicator on a province of paper (`worked-province.ts`), on the real engine. What is
 * expected was computed by hand from the rows there; the arithmetic stands beside it.
 */

import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { app } from '../../api/app.ts';
import type { ChallengeDetail } from '../../api/contract/challenge.ts';
import type { EvidencePage, EvidenceRow } from '../../api/contract/evidence.ts';
import type { Coverage } from '../../api/contract/figure.ts';
import type {
  FiledAreaRow,
  FiledPage,
  FilingList,
  StandingPage,
} from '../../api/contract/filing.ts';
import { EvidenceReader } from '../../api/evidence.ts';
import type { AreaLevel } from '../../api/figure.ts';
import { readFigures } from '../../api/figures.ts';
import { spanParameters } from '../../api/judgement.ts';
import type { Plan, PlanTarget } from '../../api/plan.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { rollUp } from '../../api/rollup-keeper.ts';
import { evidence } from '../../api/routes/evidence.ts';
import { FilingTokens } from '../../ingest/filing-token.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { INDICATORS, isMeasured } from '../../sql/indicator.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { chance } from '../chance.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';
import {
  A,
  B,
  C,
  D,
  E,
  F,
  G,
  H,
  M,
  MEASUREMENTS,
  MONTH,
  resent,
  storeWorkedProvince,
} from './worked-province.ts';

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
  await defineMetricViews(test.store, METRICS);
  await storeWorkedProvince(test.store);
});
afterAll(() => test.stop());

/** Asked of every indicator unless it says otherwise. */
const EVIDENCE = { minimumRuns: 2, minimumDays: 2, passRatio: 0.75 };

/** Where a line stood when it was last measured, and whose it is. */
const STOOD = {
  a1: [A, 'telecom'],
  a2: [A, 'mobile'],
  b1: [B, 'telecom'],
  b2: [B, 'mobile'],
  c1: [`${C}-001`, 'telecom'],
  c2: [C, 'cable'],
  d1: [D, 'mobile'],
  e1: [E, 'cable'],
  f1: [G, 'telecom'],
  f2: [F, 'mobile'],
  g1: [G, 'cable'],
  h1: [H, 'telecom'],
} as const;
type LineName = keyof typeof STOOD;

interface Expected {
  readonly subject: string;
  readonly place: string;
  readonly carrier: string;
  readonly value: number;
  readonly passed: boolean;
  readonly runs: number;
  readonly days: number;
}

/** `value, runs, days` of a line; passes where it reaches `EVIDENCE.passRatio`, of a ratio. */
type OfLine = readonly [value: number, runs: number, days: number];

const lines = (rows: Readonly<Partial<Record<LineName, OfLine>>>, ratio = false): Expected[] =>
  Object.entries(rows).map(([subject, [value, runs, days]]) => {
    const [place, carrier] = STOOD[subject as LineName];
    const passed = ratio && value >= EVIDENCE.passRatio;
    return { subject, place, carrier, value, passed, runs, days };
  });

/** Subjects that lines of several carriers look at. */
const looked = (
  subject: string,
  place: string,
  rows: Readonly<Record<string, OfLine>>,
): Expected[] =>
  Object.entries(rows).map(([carrier, [value, runs, days]]) => {
    return { subject, place, carrier, value, passed: value >= EVIDENCE.passRatio, runs, days };
  });

interface Case {
  readonly evidence?: Partial<typeof EVIDENCE>;
  readonly rows: readonly Expected[];
}

const EXPECTED: Readonly<Record<string, Case>> = {
  'median-download-rate': {
    rows: lines({
      // 60, 80, 85 (over IPv6), 90, 94: the middle one.
      a1: [85 * M, 5, 5],
      // 120, 160, 180.
      a2: [160 * M, 3, 3],
      // 44, 48.
      b1: [46 * M, 2, 2],
      // 30, 50, 95.
      c1: [50 * M, 3, 3],
      // c2: two runs of one day. 10, 14, 20:
      d1: [14 * M, 3, 3],
      // 40, 44.
      e1: [42 * M, 2, 2],
      // 90 at F, 150 and 170 at G. f2: one run.
      f1: [150 * M, 3, 3],
      // 18 in the first millisecond of the month, 16 in the last; 1 before and 1 after.
      g1: [17 * M, 2, 2],
    }),
  },
  'p10-download-rate': {
    // The same without the run over IPv6: 60, 80, 90, 94.
    rows: lines({
      a1: [((80 + 90) / 2) * M, 4, 4],
      a2: [160 * M, 3, 3],
      b1: [46 * M, 2, 2],
      c1: [50 * M, 3, 3],
      d1: [14 * M, 3, 3],
      e1: [42 * M, 2, 2],
      f1: [150 * M, 3, 3],
      g1: [17 * M, 2, 2],
    }),
  },
  'busy-hour-download-rate': {
    rows: lines({
      // 19:00 counts, 22:59:59.999 counts, 23:00 does not; the failed run at 20:00 has no rate.
      a1: [((80 + 60) / 2) * M, 2, 2],
      a2: [((120 + 160) / 2) * M, 2, 2],
      c1: [((50 + 30) / 2) * M, 2, 2],
      d1: [((10 + 14) / 2) * M, 2, 2],
      e1: [((44 + 40) / 2) * M, 2, 2],
      // 90 at F, 150 and 170 at G.
      f1: [150 * M, 3, 3],
    }),
  },
  'median-upload-rate': {
    rows: lines({
      a1: [((18 + 20) / 2) * M, 2, 2],
      a2: [((30 + 34) / 2) * M, 2, 2],
      c2: [((5 + 6) / 2) * M, 2, 2],
      f1: [((10 + 14) / 2) * M, 2, 2],
    }),
  },
  'download-rate-of-subscribed': {
    // d1 and f2 have no subscribed rate.
    rows: lines({
      a1: [85 / 100, 4, 4],
      a2: [160 / 200, 3, 3],
      b1: [46 / 50, 2, 2],
      c1: [50 / 100, 3, 3],
      // Above 1, and left so.
      e1: [42 / 40, 2, 2],
      // 100 until the 15th, 200 at the month's end.
      f1: [150 / 200, 3, 3],
      g1: [17 / 20, 2, 2],
    }),
  },
  'consistent-download-rate': {
    // Of two runs the 20th percentile is the lower and a fifth of what lies between.
    rows: lines({
      a1: [(60 + 0.2 * 20) / 100, 2, 2],
      a2: [(120 + 0.2 * 40) / 200, 2, 2],
      c1: [(30 + 0.2 * 20) / 100, 2, 2],
      e1: [(40 + 0.2 * 4) / 40, 2, 2],
      // Of three it lies at 0.4: from 90 on the way to 150.
      f1: [(90 + 0.4 * 60) / 200, 3, 3],
    }),
  },
  'round-trip-time': {
    rows: lines({
      // 10, 20, 24, 30; lost, loaded, skipped and unsent runs have none.
      a1: [(20 + 24) / 2, 4, 4],
      // 12, 16, 18, 40, 44, 48, 50.
      a2: [40, 7, 7],
      b1: [8, 2, 2],
      // 20, 26, 60.
      c2: [26, 3, 3],
      // 10, 14, 40.
      f1: [14, 3, 2],
    }),
  },
  'loaded-round-trip-time': {
    rows: lines({
      // Down 80, 100; up 150, 170: the worse direction.
      a1: [(150 + 170) / 2, 2, 2],
      a2: [(60 + 70) / 2, 2, 2],
      // c2: up 20, 24, but the worse is down, of one day.
      // Down 40, 45; up 50, 60.
      f1: [(50 + 60) / 2, 2, 2],
    }),
  },
  'delay-variation': {
    rows: lines({
      // 1, 2, 3, 5.
      a1: [2.5, 4, 4],
      // 1, 2, 3, 4, 7, 8, 9.
      a2: [4, 7, 7],
      b1: [1, 2, 2],
      // 2, 4, 6; 1, 2, 3.
      c2: [4, 3, 3],
      f1: [2, 3, 2],
    }),
  },
  'packet-loss': {
    rows: lines({
      // Of five runs of ten: one lost, and the ten of the run nobody answered.
      a1: [(1 + 10) / 50, 5, 5],
      // Six runs of ten and one of twenty: two lost.
      a2: [2 / 80, 7, 7],
      b1: [0, 2, 2],
      c2: [2 / 30, 3, 3],
      f1: [0, 3, 2],
    }),
  },
  availability: {
    rows: lines(
      {
        // Echoes: six answered, loaded ones among them; one lost, one never left.
        a1: [6 / 8, 8, 8],
        a2: [7 / 7, 7, 7],
        b1: [2 / 2, 2, 2],
        c2: [3 / 3, 3, 3],
        // Handshakes: one of three; its echoes were skipped.
        d1: [1 / 3, 3, 3],
        // One of each.
        e1: [2 / 2, 2, 2],
        f1: [5 / 5, 5, 2],
      },
      true,
    ),
  },
  'ipv6-degradation': {
    evidence: { minimumRuns: 1 },
    rows: lines({
      // 0 (10 and 12 ms, both within 20), (36 − 30) / 30, (33 − 22) / 22 with 22 of 20 and 24.
      a1: [(36 - 30) / 30, 7, 4],
      // One target in both families.
      a2: [(30 - 12) / 12, 2, 2],
      // 8 against 20 of 19 and 21: both within 20.
      b1: [0, 4, 3],
      // 23 of 20 and 26: better over IPv6, and not both within 20.
      c2: [(18.4 - 23) / 23, 3, 3],
      // 0 (12 of 10 and 14, and 12) and (30 − 40) / 40. e1: a pair of one day.
      f1: [(0 + (30 - 40) / 40) / 2, 5, 2],
    }),
  },
  'inter-carrier-round-trip-time': {
    rows: lines({
      // Cable's within telecom's; what was mobile's on the 7th and telecom's, so its own, on the 20th.
      a1: [(30 + 20) / 2, 2, 2],
      // 12 and 16 to telecom, 18 to what became telecom's on the 16th and was its own on the 15th;
      // none to what two claim, what names no carrier, and what is in no entry.
      a2: [16, 3, 3],
      // Not what two others claim. f1: one run.
      c2: [(20 + 26) / 2, 2, 2],
    }),
  },
  'inter-carrier-loss': {
    rows: lines({
      a1: [1 / 20, 2, 2],
      a2: [2 / (10 + 20 + 10), 3, 3],
      c2: [2 / 20, 2, 2],
    }),
  },
  'ipv6-reach-lines': {
    rows: lines(
      {
        // Connects: province 2 of 2, Nanjing 1 of 2, Jiangning 0 of 2. Pages: 2, 2 and 0 of 2.
        a1: [Math.min(3 / 6, 4 / 6), 12, 2],
        a2: [1, 4, 3],
        b1: [1, 12, 3],
        // Both connects, one page of two. e1: all of one day.
        f1: [Math.min(2 / 2, 1 / 2), 4, 2],
      },
      true,
    ),
  },
  'ipv6-services': {
    rows: [
      ...looked('jiangning.gov.cn', '320115', { '': [0, 6, 2], telecom: [0, 6, 2] }),
      ...looked('nanjing.gov.cn', '3201', {
        // Look-ups 4 of 4, connects 3 of 4, pages 4 of 4.
        '': [3 / 4, 12, 3],
        mobile: [1, 6, 3],
        // Look-ups 2 of 2 (one without an answer and one of an A are none), connects 1 of 2, pages 2 of 2.
        telecom: [1 / 2, 6, 2],
      }),
      // Mobile only looked the name up: no row, but heard in the whole. Line c1 has no IPv6 to look with.
      ...looked('www.jiangsu.gov.cn', '32', { '': [1, 7, 2], telecom: [1, 6, 2] }),
    ],
  },
  'five-level-reach': {
    rows: [
      // Over IPv6 province 4 of 4, Nanjing 7 of 8; over IPv4 province 0 of 2, which takes nothing from it.
      // Xuanwu looked at once; no township, no village is registered.
      ...looked(A, A, {
        '': [2 / 5, 6 + 8 + 1, 3],
        // Province 0 of 2 over IPv4, Nanjing 4 of 4 over IPv6.
        mobile: [1 / 5, 2 + 4, 3],
        // Province 4 of 4, Nanjing 3 of 4.
        telecom: [2 / 5, 4 + 4 + 1, 2],
      }),
      // Province 8 of 8 over IPv4 from c2 and 0 of 2 over IPv6 from c1, in the hamlet; 2 of 2 of the four others.
      ...looked(C, C, { '': [5 / 5, 8 + 2 + 4 * 2, 2], cable: [5 / 5, 8 + 4 * 2, 2] }),
      // Before it moved to G the line was in F. B and D: all of one day.
      ...looked(F, F, { '': [1 / 5, 2, 2], telecom: [1 / 5, 2, 2] }),
      // Province by g1 2 of 4 over IPv4 and 0 of 2 over IPv6, by f1 2 of 2: in all 4 of 6.
      ...looked(G, G, { '': [0 / 5, 6 + 2, 4], cable: [0 / 5, 6, 2], telecom: [1 / 5, 2, 2] }),
    ],
  },
  'converged-service-reach': {
    rows: [
      // The one of two that was looked at. D: one run.
      ...looked(C, C, { '': [1 / 1, 2, 2], cable: [1 / 1, 2, 2] }),
      // tv.js.cn 2 of 2 over IPv4; iptv.js.cn 0 of 2 by g1, 2 of 2 by f1: in all 2 of 4.
      ...looked(G, G, { '': [1 / 2, 6 + 2, 4], cable: [1 / 2, 6, 2], telecom: [1 / 1, 2, 2] }),
    ],
  },
  'probe-heartbeats': {
    // Hours in which a row began or came, of the 31 × 24 of the month. c3 has no probe.
    rows: lines(
      {
        // By day: 1st 1, 5th 4, 6th 4, 7th 4, 8th 2, 9th to 11th 1 each, 20th to 25th 1 each.
        a1: [(1 + 4 + 4 + 4 + 2 + 3 + 6) / 744, 46, 14],
        // 1st 1, 5th 3, 6th 4, 7th 2, 8th 1, 9th 2, 15th and 16th 1 each.
        a2: [(1 + 3 + 4 + 2 + 1 + 2 + 2) / 744, 23, 8],
        b1: [(1 + 2 + 2 + 1) / 744, 24, 4],
        // The line was there for one day, and heard at 21 and 22 h.
        b2: [2 / 24, 2, 1],
        c1: [(2 + 1 + 1) / 744, 5, 3],
        c2: [(1 + 6 + 5 + 1) / 744, 28, 4],
        d1: [(3 + 1 + 1 + 1 + 1) / 744, 11, 5],
        // The probe that was not revoked: enrolled at 20:00 on the 31st, heard at 20, 21 and, on
        // arrival, 22 h.
        e1: [3 / 4, 2, 1],
        f1: [(4 + 1 + 4 + 1) / 744, 21, 4],
        f2: [1 / 744, 1, 1],
        g1: [(2 + 2) / 744, 2 + 6, 4],
        // The line was opened two days before the end, and not a word.
        h1: [0 / 48, 0, 0],
      },
      true,
    ),
  },
};

/** The same but for the last digits of a double. */
const near = (value: number) => expect.closeTo(value, Math.abs(value) > 1_000 ? 3 : 9);

const span = spanParameters(MONTH);

/** Whose rows count all their runs; of the others each part of the evidence is counted by itself. */
const COUNTED = Object.keys(EXPECTED).filter(
  (name) =>
    ![
      ...['ipv6-reach-lines', 'ipv6-degradation', 'ipv6-services', 'probe-heartbeats'],
      'converged-service-reach',
    ].includes(name),
);

const measured = [...INDICATORS.values()].filter(isMeasured).map(({ name }) => name);

describe('indicators', () => {
  it('are all worked out', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(measured);
  });

  it.each(measured)('%s', async (name) => {
    const { evidence, rows } = EXPECTED[name] as Case;
    const found = await test.store.indicator(name, { ...span, ...EVIDENCE, ...evidence });
    const close = rows.map((row) => ({ ...row, value: near(row.value) }));
    expect(found.map(({ newest: _, ...row }) => row)).toEqual(close);
  });

  it.each(COUNTED)('%s wants so many runs on so many days', async (name) => {
    const ask = async (minimumRuns: number, minimumDays: number) =>
      test.store.indicator(name, { ...span, ...EVIDENCE, minimumRuns, minimumDays });
    const subject = ({ subject, carrier }: { subject: string; carrier: string }) =>
      `${subject} ${carrier}`;
    const all = await ask(1, 1);
    for (const [runs, days] of [
      [2, 1],
      [3, 1],
      [1, 2],
      [1, 3],
    ] as const) {
      const enough = all.filter((row) => row.runs >= runs && row.days >= days);
      expect((await ask(runs, days)).map(subject)).toEqual(enough.map(subject));
    }
  });

  it('know a platform by its own runs', async () => {
    const ask = async (changes: Partial<typeof EVIDENCE>) =>
      (
        await test.store.indicator('converged-service-reach', { ...span, ...EVIDENCE, ...changes })
      ).map(({ place, carrier, value, runs, days }) => [place, carrier, value, runs, days]);
    // Of tv.js.cn there are two runs over either family, of iptv.js.cn four over IPv4, half of them in vain.
    expect(await ask({ minimumRuns: 3 })).toEqual([[G, '', 0, 4, 4]]);
    expect(await ask({ minimumRuns: 3, passRatio: 0.5 })).toEqual([[G, '', 1, 4, 4]]);
    expect(await ask({ minimumDays: 3 })).toEqual([[G, '', 1 / 2, 8, 4]]);
  });

  it('are as of the newest row behind them, and of a silent line as of the newest there is', async () => {
    const newestOf = async (name: string) =>
      new Map(
        (await test.store.indicator(name, { ...span, ...EVIDENCE })).map(({ subject, newest }) => [
          subject,
          newest,
        ]),
      );
    // The copy of its third run that came in November counts as received when the first did.
    const rates = await newestOf('busy-hour-download-rate');
    expect(rates.get('a1')).toBe('2026-10-07T14:59:59.999000Z');
    const silent = (await newestOf('probe-heartbeats')).get('h1');
    expect(silent).toBe('2026-10-31T16:00:00.999000Z');
  });

  it('count the heartbeats of a month that runs to the newest row that came', async () => {
    const running = { ...span, end: '2100-01-01T00:00:00.000Z' };
    const rows = await test.store.indicator('probe-heartbeats', { ...running, ...EVIDENCE });
    const values = new Map(rows.map(({ subject, value }) => [subject, value]));
    // It came at 20:00 on 1 November: 20 hours more. Probe p-g1 is revoked in this span.
    expect(values.get('f2')).toBeCloseTo(1 / (744 + 20), 9);
    expect(values.get('e1')).toBeCloseTo(3 / (4 + 20), 9);
    expect(values.get('b2')).toBeCloseTo(2 / 24, 9);
    expect(values.has('g1')).toBe(false);
  });

  it('are the same in whatever order rows came, and however often', async () => {
    const ask = () =>
      Promise.all(
        measured.map((name) =>
          test.store.indicator(name, { ...span, ...EVIDENCE, ...EXPECTED[name]?.evidence }),
        ),
      );
    const once = await ask();
    for (const seed of [1, 2]) {
      const { shuffled, below, coin } = chance(seed);
      await test.store.command('TRUNCATE TABLE measurement');
      const sent = [...MEASUREMENTS, ...MEASUREMENTS.filter(() => coin(0.5)).map(resent)];
      const left = shuffled(sent);
      while (left.length > 0) await test.store.insert('measurement', left.splice(0, 1 + below(60)));
      expect(await ask()).toEqual(once);
    }
  });
});

/** `area, carrier or null for all, value or null for none, observed, registered`. */
type OfArea = readonly [
  area: string,
  carrier: string | null,
  value: number | null,
  observed: number,
  registered: number,
];

/** What lies a share of the way from one value to the next. */
const between = (low: number, high: number, share: number) => low + share * (high - low);

/**
 * Figures of areas from the rows above. Quantiles lie at (n − 1) p of the ascending values, counted from
 * 0. Of the 13 lines 9 are in Nanjing and 4 in Suzhou; 5 are telecom's, 5 mobile's, 3 cable's.
 */
const FIGURES: Readonly<Record<string, readonly OfArea[]>> = {
  'median-download-rate': [
    // 14, 17, 42, 46, 50, 85, 150, 160.
    ['32', null, ((46 + 50) / 2) * M, 8, 13],
    // 46, 50, 85, 150.
    ['32', 'telecom', ((50 + 85) / 2) * M, 4, 5],
    ['32', 'mobile', ((14 + 160) / 2) * M, 2, 5],
    ['32', 'cable', ((17 + 42) / 2) * M, 2, 3],
    // 14, 42, 46, 50, 85, 160.
    ['3201', null, ((46 + 50) / 2) * M, 6, 9],
    ['3205', null, ((17 + 150) / 2) * M, 2, 4],
    // 46, 85, 160, and b2, which nobody measured.
    ['320102', null, 85 * M, 3, 4],
    // c1 in its hamlet, d1; c2 and c3 unobserved.
    ['320115101', null, ((14 + 50) / 2) * M, 2, 4],
    [A, null, ((85 + 160) / 2) * M, 2, 2],
    [C, null, 50 * M, 1, 3],
    // The line that moved counts where it is now.
    [G, null, ((17 + 150) / 2) * M, 2, 2],
    [G, 'telecom', 150 * M, 1, 1],
    [F, null, null, 0, 1],
    [H, null, null, 0, 1],
  ],
  'p10-download-rate': [
    // At 7 × 0.1 of 14, 17, 42, …; at 5 × 0.1 of 14, 42, …; at 3 × 0.1 of 46, 50, …; at 0.1 of two.
    ['32', null, between(14, 17, 0.7) * M, 8, 13],
    ['3201', null, between(14, 42, 0.5) * M, 6, 9],
    ['32', 'telecom', between(46, 50, 0.3) * M, 4, 5],
    [G, null, between(17, 150, 0.1) * M, 2, 2],
  ],
  'busy-hour-download-rate': [
    // 12, 40, 42, 70, 140, 150.
    ['32', null, ((42 + 70) / 2) * M, 6, 13],
    ['32', 'cable', 42 * M, 1, 3],
    ['320115', null, 40 * M, 3, 5],
    ['3205', null, 150 * M, 1, 4],
  ],
  'median-upload-rate': [
    // 5.5, 12, 19, 32.
    ['32', null, ((12 + 19) / 2) * M, 4, 13],
    [A, null, ((19 + 32) / 2) * M, 2, 2],
    [C, 'cable', 5.5 * M, 1, 1],
  ],
  'download-rate-of-subscribed': [
    // 0.5, 0.75, 0.8, 0.85, 0.85, 0.92, 1.05.
    ['32', null, 0.85, 7, 13],
    ['32', 'cable', (0.85 + 1.05) / 2, 2, 3],
    ['3205', null, (0.75 + 0.85) / 2, 2, 4],
    [D, null, null, 0, 1],
  ],
  'consistent-download-rate': [
    // At 4 × 0.2 of 0.34, 0.57, 0.64, 0.64, 1.02; at 2 × 0.2 of 0.34, 0.57, 0.64.
    ['32', null, between(0.34, 0.57, 0.8), 5, 13],
    ['32', 'telecom', between(0.34, 0.57, 0.4), 3, 5],
    [E, null, 1.02, 1, 1],
  ],
  'round-trip-time': [
    // 8, 14, 22, 26, 40.
    ['32', null, 22, 5, 13],
    ['3201', null, (22 + 26) / 2, 4, 9],
    ['32', 'telecom', 14, 3, 5],
    [B, null, 8, 1, 2],
  ],
  'loaded-round-trip-time': [
    // 55, 65, 160.
    ['32', null, 65, 3, 13],
    ['32', 'mobile', 65, 1, 5],
    [B, null, null, 0, 2],
  ],
  'delay-variation': [
    // 1, 2, 2.5, 4, 4.
    ['32', null, 2.5, 5, 13],
    [A, null, (2.5 + 4) / 2, 2, 2],
  ],
  'packet-loss': [
    // At 4 × 0.9 of 0, 0, 2 / 80, 2 / 30, 11 / 50; at 2 × 0.9 of 0, 0, 0.22 and of 0, 0.025, 0.22.
    ['32', null, between(2 / 30, 0.22, 0.6), 5, 13],
    ['32', 'telecom', between(0, 0.22, 0.8), 3, 5],
    ['320102', null, between(0.025, 0.22, 0.8), 3, 4],
  ],
  availability: [
    // d1 fails.
    ['32', null, 6 / 7, 7, 13],
    ['32', 'telecom', 3 / 3, 3, 5],
    ['32', 'mobile', 1 / 2, 2, 5],
    ['320115', null, 2 / 3, 3, 5],
    [D, null, 0 / 1, 1, 1],
  ],
  'ipv6-degradation': [
    // −0.2, −0.125, 0, 0.2, 1.5.
    ['32', null, 0, 5, 13],
    ['320102', null, 0.2, 3, 4],
    ['32', 'cable', -0.2, 1, 3],
  ],
  'inter-carrier-round-trip-time': [
    // 16, 23, 25.
    ['32', null, 23, 3, 13],
    [A, null, (16 + 25) / 2, 2, 2],
    ['3205', null, null, 0, 4],
  ],
  'inter-carrier-loss': [
    // At 2 × 0.9 of 0.05, 0.05, 0.1.
    ['32', null, between(0.05, 0.1, 0.8), 3, 13],
    ['32', 'mobile', 0.05, 1, 5],
  ],
  'ipv6-reach-lines': [
    // a1 and f1 fail, a2 and b1 pass.
    ['32', null, 2 / 4, 4, 13],
    [A, null, 1 / 2, 2, 2],
    [B, 'telecom', 1 / 1, 1, 1],
  ],
  'ipv6-services': [
    // Of nine registered: Nanjing's and the province's pass, Jiangning's fails.
    ['32', null, 2 / 3, 3, 9],
    // By telecom's lines alone Nanjing's fails too; mobile's saw that one only.
    ['32', 'telecom', 1 / 3, 3, 9],
    ['32', 'mobile', 1 / 1, 1, 9],
    ['32', 'cable', null, 0, 9],
    ['3201', null, 1 / 2, 2, 5],
    ['320115', null, 0 / 1, 1, 3],
  ],
  'five-level-reach': [
    // A, F and G fail, C passes.
    ['32', null, 1 / 4, 4, 8],
    ['32', 'telecom', 0 / 3, 3, 8],
    ['32', 'mobile', 0 / 1, 1, 8],
    ['32', 'cable', 1 / 2, 2, 8],
    ['3201', null, 1 / 2, 2, 5],
    ['320115101', null, 1 / 1, 1, 2],
    [F, null, 0 / 1, 1, 1],
    [D, null, null, 0, 1],
  ],
  'converged-service-reach': [
    // C passes, G does not.
    ['32', null, 1 / 2, 2, 8],
    ['32', 'telecom', 1 / 1, 1, 8],
    ['32', 'cable', 1 / 2, 2, 8],
    ['3201', null, 1 / 1, 1, 5],
    ['3205', null, 0 / 1, 1, 3],
    [D, null, null, 0, 1],
  ],
  'probe-heartbeats': [
    // e1 alone passes; c3 has no probe.
    ['32', null, 1 / 12, 12, 13],
    ['32', 'telecom', 0 / 5, 5, 5],
    ['32', 'mobile', 0 / 4, 4, 5],
    ['32', 'cable', 1 / 3, 3, 3],
    ['320115', null, 1 / 4, 4, 5],
    ['3205', null, 0 / 4, 4, 4],
    [E, null, 1 / 1, 1, 1],
    [H, null, 0 / 1, 1, 1],
  ],
};

const LEVELS: Readonly<Record<number, AreaLevel>> = {
  2: 'province',
  4: 'city',
  6: 'county',
  9: 'township',
  12: 'village',
};

describe('figures', () => {
  const seed = uncheckedPlanOf('broadband-china-2015');
  const [first] = seed.targets;
  const targets = measured.map(
    (name): PlanTarget => ({
      ...(first as PlanTarget),
      ...{ id: name, indicator: name, minimumObserved: 1, villageKinds: [] },
      evidence: { ...EVIDENCE, ...EXPECTED[name]?.evidence },
    }),
  );
  const plan: Plan = { ...seed, targets };
  const now = () => new Date('2026-11-20T04:00:00Z');

  async function figuresOf(reader: EvidenceReader, target: PlanTarget) {
    const found: OfArea[] = [];
    for (const [area, carrier] of FIGURES[target.id] ?? []) {
      const level = LEVELS[area.length] as AreaLevel;
      const [one] = await reader.figures(target, MONTH, { carrier, within: area, level });
      const { value = null, observed = 0, registered = 0 } = one?.figure ?? {};
      found.push([area, carrier, value, observed, registered]);
    }
    return found;
  }

  const wanted = (name: string) =>
    (FIGURES[name] ?? []).map(([area, carrier, value, observed, registered]) => {
      return [area, carrier, value === null ? null : near(value), observed, registered];
    });

  it('are worked out for every indicator', () => {
    expect(Object.keys(FIGURES).sort()).toEqual(measured);
  });

  it.each(targets)('$id from the measurements', async (target) => {
    const reader = new EvidenceReader(test.store, plan, now);
    expect(await figuresOf(reader, target)).toEqual(wanted(target.id));
  });

  it.each(targets)('$id over HTTP, subject by subject', async (target) => {
    const api = new Hono().route('/', evidence(new EvidenceReader(test.store, plan, now)));
    const rows: EvidenceRow[] = [];
    for (let cursor = ''; ; ) {
      const query = `target=${target.id}&month=${MONTH}&within=32&limit=2&cursor=${cursor}`;
      const page = (await (await api.request(`/v1/evidence?${query}`)).json()) as EvidencePage;
      const whole = FIGURES[target.id]?.find(([area, carrier]) => area === '32' && !carrier);
      if (whole) expect([page.observed, page.registered]).toEqual(whole.slice(3));
      rows.push(...page.items);
      if (page.next === null) break;
      cursor = page.next;
    }
    const isLine = INDICATORS.get(target.indicator)?.subject === 'line';
    const counted = (EXPECTED[target.id] as Case).rows.filter(
      ({ carrier }) => isLine || carrier === '',
    );
    expect(rows.map(({ subject, value }) => [subject, value])).toEqual(
      counted.map(({ subject, value }) => [subject, near(value)]),
    );
    expect(rows.every(({ measurements }) => (measurements !== null) === isLine)).toBe(true);
  });

  it('are the same from the rollups', async () => {
    await rollUp(test.store, plan);
    const reader = new EvidenceReader(test.store, plan, now);
    for (const target of targets)
      expect([target.id, await figuresOf(reader, target)]).toEqual([target.id, wanted(target.id)]);
  });
});

/**
 * Figures of what carriers filed. Villages by telecom: A and C confirmed, by a1 and c1; B contradicted, as
 * b1 is of a building; F, G and H declared, for want of a line, an optical node and a run; D unserved; E
 * no place of its. By mobile: A confirmed by a2; D, F and H unserved. By cable: E confirmed by e1, G contradicted by
 * g1, C declared with runs of one day, A unserved. By whichever is best: A, C and E confirmed, B
 * contradicted, F, G and H declared, D unserved.
 */
const FILED: Readonly<Record<string, readonly OfArea[]>> = {
  'fibre-reach-villages': [
    // Of seven filed as reached lines bear out 3 of 4; D makes eight.
    ['32', null, (7 * (3 / 4)) / 8, 4 + 1, 8],
    // E is none of telecom's villages: it reaches it from outside.
    ['32', 'telecom', (6 * (2 / 3)) / 7, 3 + 1, 8 - 1],
    ['32', 'mobile', (1 * (1 / 1)) / 4, 1 + 3, 8],
    ['32', 'cable', (3 * (1 / 2)) / 4, 2 + 1, 8],
    ['32', 'unicom', null, 0, 8],
    ['3201', null, (4 * (3 / 4)) / 5, 4 + 1, 5],
    ['3201', 'telecom', (3 * (2 / 3)) / 4, 3 + 1, 5 - 1],
    // All three declared.
    ['3205', null, null, 0, 3],
    ['3205', 'mobile', 0 / 2, 2, 3],
    ['3205', 'cable', (1 * (0 / 1)) / 1, 1, 3],
    ['320102', null, (2 * (1 / 2)) / 2, 2, 2],
    ['320115', null, (2 * (2 / 2)) / 3, 2 + 1, 3],
    ['320115101', null, (1 * (1 / 1)) / 2, 1 + 1, 2],
    [C, null, 1, 1, 1],
    [C, 'cable', null, 0, 1],
    [B, 'telecom', 0, 1, 1],
    [D, null, 0, 1, 1],
    [E, 'telecom', null, 0, 0],
    [E, 'cable', 1, 1, 1],
  ],
  'fibre-reach-hamlets': [
    // C's eastern one confirmed by c1; its western one, where c3 has no probe, and F's declared.
    ['32', null, (3 * (1 / 1)) / 3, 1, 3],
    ['32', 'telecom', (2 * (1 / 1)) / 2, 1, 3],
    ['32', 'mobile', null, 1, 3],
    ['32', 'cable', null, 0, 3],
    ['3205', 'mobile', 0 / 1, 1, 1],
    [C, null, (2 * (1 / 1)) / 2, 1, 2],
    [A, null, null, 0, 0],
  ],
  'mobile-coverage': [
    // Mobile alone says something: D confirmed by d1, F declared as f2 ran once, H not covered.
    ['32', null, (2 * (1 / 1)) / 3, 1 + 1, 8],
    ['32', 'mobile', (2 * (1 / 1)) / 3, 1 + 1, 8],
    ['32', 'telecom', null, 0, 8 - 1],
    ['3201', null, 1 / 1, 1, 5],
    ['3205', null, null, 1, 3],
    ['320115101', 'mobile', 1 / 1, 1, 2],
    [H, 'mobile', 0, 1, 1],
    [A, 'mobile', null, 0, 1],
  ],
  'broadband-per-resident': [
    // Telecom states a county, two townships and a city; mobile a city; cable the province and a city.
    ['32', 'telecom', (900 + 300 + 150 + 1_000) / (3_000 + 800 + 500 + 4_000), 4, 4],
    ['32', 'mobile', 600 / 4_500, 1, 2],
    ['32', 'cable', 700 / 8_600, 1, 1],
    ['32', 'unicom', null, 0, 1],
    ['32', null, (2_350 + 600 + 700) / 8_600, 4 + 1 + 1, 4 + 2 + 1 + 1],
    ['3201', 'telecom', (900 + 300 + 150) / (3_000 + 800 + 500), 3, 3],
    ['3201', null, (1_350 + 600 + 500) / 4_500, 3 + 1 + 1, 3 + 1 + 1 + 1],
    ['3205', null, 1_000 / 4_000, 1, 4],
    ['3205', 'cable', null, 0, 1],
    ['320115', null, (300 + 150) / (800 + 500), 2, 2 + 3],
    ['320115102', 'telecom', 150 / 500, 1, 1],
    [A, 'telecom', null, 0, 1],
  ],
  'broadband-per-household': [
    // Of one township nobody but telecom counted the 200 households.
    ['32', 'telecom', 2_350 / (1_000 + 250 + 200 + 1_200), 4, 4],
    // More subscriptions than homes.
    ['32', null, (2_350 + 600 + 700) / 2_750, 6, 8],
    ['3201', null, (1_350 + 600 + 500) / 1_500, 5, 6],
    ['320115', 'telecom', (300 + 150) / (250 + 200), 2, 2],
    ['320115102', 'telecom', 150 / 200, 1, 1],
  ],
  'cable-entry-rate': [
    ['32', 'cable', 3_000 / 2_750, 1, 1],
    ['32', null, 3_000 / 2_750, 1, 4],
    ['3201', 'cable', 2_000 / 1_500, 1, 1],
    ['3205', 'cable', null, 0, 1],
  ],
  'digital-cable': [
    ['32', 'cable', 2_400 / 3_000, 1, 1],
    ['3201', 'cable', 1_800 / 2_000, 1, 1],
    ['320102', 'cable', null, 0, 1],
    ['32', null, 2_400 / 3_000, 1, 4],
  ],
  'two-way-cable': [
    ['32', 'cable', 1_800 / 3_000, 1, 1],
    // The cell is empty.
    ['3201', 'cable', null, 0, 1],
    ['32', 'telecom', null, 0, 1],
  ],
  'base-stations-per-resident': [
    // Of ten thousand. Telecom states a county, a township of two and a city; mobile's city has 9,999 by its own
    // count and states no stations.
    ['32', 'telecom', (1e4 * (3 + 2 + 4)) / (3_000 + 800 + 4_000), 3, 4],
    ['32', null, (1e4 * (3 + 2 + 4)) / (3_000 + 800 + 4_000), 3, 4 + 1 + 1 + 1],
    ['320115', 'telecom', (1e4 * 2) / 800, 1, 2],
    ['32', 'mobile', null, 0, 1],
  ],
  'hotspots-per-resident': [
    // None, of Suzhou, is a statement too.
    ['32', 'telecom', (1e4 * (6 + 1 + 0)) / (3_000 + 500 + 4_000), 3, 4],
    ['3205', 'telecom', 0, 1, 1],
    ['3201', 'mobile', (1e4 * 9) / 4_500, 1, 1],
    // A city's residents are counted once, whichever of its parts telecom states.
    ['32', null, (1e4 * (7 + 9)) / (4_500 + 4_000), 3 + 1, 4 + 2 + 1 + 1],
  ],
  'converged-users-per-household': [
    ['32', 'telecom', (90 + 50 + 300) / (250 + 200 + 1_200), 3, 4],
    ['32', 'cable', 1_500 / 2_750, 1, 1],
    ['32', null, (440 + 1_500) / 2_750, 3 + 1, 4 + 1 + 1 + 1],
    ['3201', 'cable', null, 0, 1],
  ],
  'ipv6-terminals': [
    // One of telecom's four statements says nothing of terminals.
    ['32', 'telecom', (800 + 100 + 1_500) / (1_000 + 400 + 2_000), 3, 4],
    ['32', 'mobile', 4_000 / 5_000, 1, 2],
    ['32', null, (2_400 + 4_000) / (3_400 + 5_000), 3 + 1, 4 + 2 + 1 + 1],
    ['3201', null, (800 + 100 + 4_000) / (1_000 + 400 + 5_000), 2 + 1, 3 + 1 + 1 + 1],
    ['320115', 'telecom', 100 / 400, 1, 2],
    ['3205', 'telecom', 1_500 / 2_000, 1, 1],
  ],
};

describe('what carriers filed', () => {
  const seed = uncheckedPlanOf('broadband-china-2015');
  const [first] = seed.targets;
  const filed = [...INDICATORS.values()].filter((indicator) => !isMeasured(indicator));
  const targets = filed.map(
    ({ name, kind }): PlanTarget => ({
      ...(first as PlanTarget),
      ...{ id: name, indicator: name, minimumObserved: 1, villageKinds: [], evidence: EVIDENCE },
      ...(kind === 'standing' && {
        proof: {
          indicator: 'median-download-rate',
          atLeast: (name === 'mobile-coverage' ? 4 : 20) * M,
        },
      }),
    }),
  );
  const plan: Plan = { ...seed, targets };
  const readerAt = (now: string) => new EvidenceReader(test.store, plan, () => new Date(now));
  const AFTER = '2026-11-20T04:00:00Z';
  // Without a password nobody may write.
  const password = 'open sesame';
  const LOGIN = {
    authorization: `Basic ${Buffer.from(`reviewer:${password}`).toString('base64')}`,
  };

  function apiAt(now: string): Hono {
    const probes = { collector: new Hono(), controller: new Hono(), intake: new Hono() };
    const tokens = new FilingTokens(test.store);
    const station = { store: test.store, reader: readerAt(now), password, software: 'test' };
    return app({ ...probes, ...station, tokens, log: silent });
  }
  async function ask<T>(path: string, now = AFTER): Promise<T> {
    const response = await apiAt(now).request(`/v1/${path}`, { headers: LOGIN });
    expect([path, response.status]).toEqual([path, 200]);
    return (await response.json()) as T;
  }
  async function post<T>(path: string, body: object, now: string): Promise<T> {
    const response = await apiAt(now).request(`/v1/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...LOGIN, 'content-type': 'application/json' },
    });
    expect([path, response.status]).toEqual([path, 201]);
    return (await response.json()) as T;
  }

  it('is worked out for every indicator that is not measured', () => {
    expect(Object.keys(FILED).sort()).toEqual(filed.map(({ name }) => name));
  });

  it.each(targets)('$id', async (target) => {
    const reader = readerAt(AFTER);
    const found: OfArea[] = [];
    for (const [area, carrier] of FILED[target.id] ?? []) {
      const scope = { carrier, within: area, level: LEVELS[area.length] as AreaLevel };
      const [one] = await readFigures(reader, target, MONTH, scope);
      const { value = null, observed = 0, registered = 0 } = one?.figure ?? {};
      found.push([area, carrier, value, observed, registered]);
    }
    const wanted = (FILED[target.id] ?? []).map(([area, carrier, value, ...counts]) => {
      return [area, carrier, value === null ? null : near(value), ...counts];
    });
    expect(found).toEqual(wanted);
  });

  it('is told over HTTP', async () => {
    const query = `month=${MONTH}&within=32`;
    const reach = await ask<Coverage>(
      `coverage?target=fibre-reach-villages&level=city&carrier=telecom&${query}`,
    );
    expect(reach.items.map(({ area, figure }) => [area.code, figure.value])).toEqual([
      ['3201', (3 * (2 / 3)) / 4],
      // Three declared, and no line to bear them out.
      ['3205', null],
    ]);
    const residents = await ask<Coverage>(
      `coverage?target=broadband-per-resident&level=city&${query}`,
    );
    expect(residents.items.map(({ figure }) => [figure.value, figure.base])).toEqual([
      [2_450 / 4_500, 4_500],
      [1_000 / 4_000, 4_000],
    ]);
    const standing = await ask<StandingPage>(
      `standings?target=fibre-reach-villages&carrier=telecom&${query}`,
    );
    expect(standing.items.map(({ place, standing }) => [place.code, standing])).toEqual([
      ...[[A, 'confirmed'] as const, [B, 'contradicted'] as const, [C, 'confirmed'] as const],
      // And not E, which telecom serves from outside.
      [D, 'unserved'] as const,
      ...[F, G, H].map((village) => [village, 'declared'] as const),
    ]);
    const rows = await ask<FiledPage<FiledAreaRow>>(`filings/telecom/${MONTH}/areas?within=32`);
    expect(rows.items.map(({ code, subscribers }) => [code, subscribers])).toEqual([
      ['320102', 900],
      ['320115101', 300],
      ['320115102', 150],
      ['3205', 1_000],
    ]);
    const states = await ask<FilingList>(`filings?month=${MONTH}`);
    expect(states.items.map(({ carrier, state }) => [carrier, state])).toEqual([
      ['telecom', 'resubmitted'],
      ['mobile', 'on time'],
      ['unicom', 'missing'],
      ['cable', 'late'],
    ]);
  });

  it('says nothing of cable before its filing came', async () => {
    const scope = { carrier: 'cable', within: '32', level: 'province' } as const;
    for (const target of targets) {
      const [one] = await readFigures(readerAt('2026-11-11T00:00:00Z'), target, MONTH, scope);
      expect([target.id, one?.figure.value, one?.figure.observed]).toEqual([target.id, null, 0]);
    }
  });

  it('is another figure once a challenge is upheld', async () => {
    const subject = { month: MONTH, target: 'fibre-reach-villages', place: B, carrier: 'telecom' };
    const said = { by: '王', text: '现场查看:光纤入户' };
    const { id } = await post<ChallengeDetail>(
      'challenges',
      { ...subject, ...said, party: 'telecom' },
      AFTER,
    );
    const value = async (now: string, carrier: string) => {
      const path = `coverage?target=${subject.target}&month=${MONTH}&level=province${carrier}`;
      const [whole] = (await ask<Coverage>(path, now)).items;
      return whole?.figure.value;
    };
    expect(await value('2026-11-20T05:00:00Z', '&carrier=telecom')).toBe((6 * (2 / 3)) / 7);
    const decision = { ...said, kind: 'upheld', sets: 'confirmed' };
    await post(`challenges/${id}/events`, decision, '2026-11-21T04:00:00Z');
    // B is confirmed like A and C; of the silent E nothing is known.
    const then = '2026-11-21T05:00:00Z';
    expect(await value(then, '&carrier=telecom')).toBe((6 * (3 / 3)) / 7);
    expect(await value(then, '')).toBe((7 * (4 / 4)) / 8);
  });
});
