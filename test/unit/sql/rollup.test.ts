/** What is out of date, from the notes alone. */
import { describe, expect, it } from 'vitest';
import { type Judgement, monthRules } from '../../../sql/judgement.ts';
import { DAY_RULES, type Done, monthsToPack, staleDays, staleMonths } from '../../../sql/rollup.ts';

const judgements: Judgement[] = [
  {
    target: 'access-rate',
    indicator: 'median-download-rate',
    villageKinds: [],
    evidence: { minimumRuns: 3, minimumDays: 1, passRatio: 1 },
  },
];
const measured = [
  { day: '2026-11-02', signature: '1:7' },
  { day: '2026-11-01', signature: '1:4' },
  { day: '2026-10-31', signature: '1:9' },
];
const note = (period: string, signature: string, changes: Partial<Done> = {}): Done => ({
  scope: period.length === 7 ? 'month' : 'day',
  ...{ period, signature, run: 1, rows: 1, lines: 1, newest: null },
  rules: period.length === 7 ? monthRules(judgements) : DAY_RULES,
  done: '2026-11-03T00:00:00.000000Z',
  ...changes,
});
const days = measured.map(({ day, signature }) => note(day, signature));
const months = [note('2026-11', 'L; 01:1:4 02:1:7'), note('2026-10', 'L; 31:1:9')];
const none = new Set<string>();
const periods = (stale: readonly { period: string }[]) => stale.map(({ period }) => period);

describe('staleDays', () => {
  it('are those whose newest block is another, and those never drawn, latest first', () => {
    expect(periods(staleDays(measured, [], none))).toEqual(measured.map(({ day }) => day));
    expect(staleDays(measured, days, none)).toEqual([]);
    const before = [days[0], note('2026-11-01', '1:3'), days[2]] as Done[];
    expect(staleDays(measured, before, none)).toEqual([{ period: '2026-11-01', signature: '1:4' }]);
  });

  it('are drawn by other rules, and never where rows were removed', () => {
    const old = measured.map(({ day, signature }) => note(day, signature, { rules: 'rollup/0' }));
    expect(staleDays(measured, old, none)).toHaveLength(3);
    expect(periods(staleDays(measured, old, new Set(['2026-11-01'])))).toEqual([
      '2026-11-02',
      '2026-10-31',
    ]);
  });
});

describe('staleMonths', () => {
  const stale = (done: readonly Done[], lines = 'L', frozen = none, asked = judgements) =>
    periods(
      staleMonths(
        measured,
        done,
        frozen,
        asked,
        new Map([
          ['2026-10', 'L'],
          ['2026-11', lines],
        ]),
      ),
    );

  it('are those with other days, other lines or other rules than their run saw', () => {
    expect(stale(months)).toEqual([]);
    expect(stale([note('2026-11', 'L; 01:1:4 02:1:6'), months[1] as Done])).toEqual(['2026-11']);
    // A line that is new in November changes no figure of October.
    expect(stale(months, 'another line')).toEqual(['2026-11']);
    const harder = [{ ...judgements[0], target: 'other' } as Judgement];
    expect(stale(months, 'L', none, harder)).toEqual(['2026-11', '2026-10']);
  });

  it('stay as they are once a day of theirs was trimmed', () => {
    expect(stale([], 'L', new Set(['2026-10-30']))).toEqual(['2026-11']);
  });
});

describe('monthsToPack', () => {
  const loose = ['01', '02', '03'].map((day, run) => note(`2026-10-${day}`, '', { run }));

  it('are over, in several runs, and without a stale day', () => {
    expect(monthsToPack(loose, [], '2026-11')).toEqual(['2026-10']);
    expect(monthsToPack(loose, [], '2026-10')).toEqual([]);
    expect(monthsToPack(loose.slice(1), [], '2026-11')).toEqual([]);
    expect(monthsToPack(loose, [{ period: '2026-10-02', signature: '' }], '2026-11')).toEqual([]);
  });
});
