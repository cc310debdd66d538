import { describe, expect, it } from 'vitest';
import { canonicalJson, documentHash } from '../../../api/canonical.ts';
import { areaFigures, type Evidence, ofCarrier } from '../../../api/figure.ts';
import { FORMATS } from '../../../api/formats/catalogue.ts';
import { cell } from '../../../api/formats/csv.ts';
import { asEdition, type MonthlyReport, monthlyReport } from '../../../api/monthly.ts';
import { builtInPlanFile, loadPlan } from '../../../api/plan.ts';
import { monthsDue } from '../../../api/scheduler.ts';
import { type Level, Register } from '../../../ingest/register.ts';
import { INDICATORS, type Indicator } from '../../../sql/indicator.ts';

const plan = loadPlan(builtInPlanFile('jiangsu-2013'), {
  hasPlace: () => true,
  villageKinds: null,
  indicators: INDICATORS,
});
const places: [string, string, Level, string][] = [
  ['32', '江苏省', 'province', ''],
  ['3201', '南京市', 'city', '32'],
  ['320102', '玄武区', 'county', '3201'],
  ['320102002', '梅园新村街道', 'township', '320102'],
  ['320102002001', '梅园新村社区居委会', 'village', '320102002'],
];
const register = new Register(
  places.map(([code, name, level, parent]) => ({ code, name, level, parent, kind: '' })),
);
const lineOf = (index: number, value: number, passed: boolean) => ({
  subject: `line-${index}`,
  place: '320102002001',
  carrier: 'telecom',
  value,
  passed,
  newest: '2026-10-31 12:00:00.000000',
});

function report(passed: number, failed: number): MonthlyReport {
  const lines = [...Array(passed).fill(true), ...Array(failed).fill(false)].map(
    (ok: boolean, index) => lineOf(index, ok ? 1 : 0, ok),
  );
  const evidence: Evidence = { observed: lines, registered: lines };
  const area = register.find('32');
  if (!area) throw new Error('no province');
  return monthlyReport({
    month: '2026-10',
    plan,
    register,
    area,
    measurements: 1234,
    quarantined: 5,
    targets: plan.targets.map((target) => {
      const indicator = INDICATORS.get(target.indicator) as Indicator;
      const shown =
        target.indicator === 'ipv6-reach-lines' ? evidence : { observed: [], registered: [] };
      return {
        target,
        indicator,
        figures: ({ carrier, within, level }) =>
          areaFigures(
            target,
            indicator,
            ofCarrier(shown, carrier, indicator),
            register,
            within,
            level,
          ),
      };
    }),
    filings: {
      due: '2026-11-10T16:00:00.000Z',
      items: [
        {
          carrier: 'telecom',
          state: 'late',
          versions: 2,
          received: '2026-11-12T01:00:00.000Z',
          places: 7,
          areas: 3,
          warnings: 0,
        },
        {
          carrier: 'mobile',
          state: 'missing',
          versions: 0,
          received: null,
          places: 0,
          areas: 0,
          warnings: 0,
        },
      ],
    },
    library: {
      whole: true,
      figures: {
        prefixCompleteness: share(90, 100),
        domainCompleteness: share(0, 0),
        accuracy: share(3, 4),
        egress: share(0, 0),
      },
    },
  });
}

const share = (passed: number, observed: number) => ({
  method: 'library-share/1',
  value: observed === 0 ? null : passed / observed,
  passed,
  observed,
  interval: null,
  asOf: null,
});

/** An edition as the store gives it back: through JSON with sorted keys. */
function sealed(edition: MonthlyReport | null) {
  if (!edition) throw new Error('not sealed');
  return {
    report: JSON.parse(canonicalJson(edition)) as MonthlyReport,
    sha256: documentHash(edition),
  };
}

describe('the monthly report', () => {
  it('is the same to the byte when its input is', () => {
    expect(canonicalJson(report(80, 1))).toBe(canonicalJson(report(80, 1)));
    expect(documentHash(report(80, 1))).not.toBe(documentHash(report(80, 2)));
  });

  it('becomes edition 1, and nothing new as long as nothing changes', () => {
    const first = sealed(asEdition(report(80, 1), null));
    expect(first.report).toMatchObject({
      edition: 1,
      status: 'sealed',
      supersedes: null,
      changes: [],
    });
    expect(asEdition(report(80, 1), first)).toBeNull();
  });

  it('becomes edition 2 with the difference when late data change a figure', () => {
    const first = sealed(asEdition(report(80, 1), null));
    const second = asEdition(report(80, 2), first);
    expect(second).toMatchObject({ edition: 2, supersedes: first.sha256 });
    expect(second?.changes.map(({ target, area }) => `${target} ${area}`)).toEqual([
      'ipv6-network 32',
      'ipv6-network 3201',
      'ipv6-network 320102',
    ]);
    expect(second?.changes[0]).toMatchObject({
      before: expect.stringContaining('(81/81)'),
      after: expect.stringContaining('(82/82)'),
    });
  });
});

describe('formats', () => {
  const edition = sealed(asEdition(report(80, 1), null));

  it.each(FORMATS.map((format) => [format.extension, format] as const))(
    '%s draws every edition and says no evidence where there is none',
    (_, format) => {
      const text = format.draw(edition.report, edition.sha256);
      expect(text).toContain('2026-10');
      expect(text).toContain(format.extension === 'filings.csv' ? 'telecom' : '玄武区');
      expect(text).not.toMatch(/NaN|undefined|\[object/);
    },
  );

  it('json is what was hashed', () => {
    const json = FORMATS.find(({ extension }) => extension === 'json');
    expect(json?.draw(edition.report, edition.sha256)).toBe(canonicalJson(edition.report));
  });

  it('csv and json agree on every n, N and verdict', () => {
    const csv =
      FORMATS.find(({ extension }) => extension === 'csv')?.draw(edition.report, '') ?? '';
    const rows = csv
      .replace('\uFEFF', '')
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((row) => row.split(','));
    const figures = edition.report.targets.flatMap(({ overall, carriers, cities, counties }) => [
      overall,
      ...carriers.map((each) => each.overall),
      ...cities,
      ...counties,
    ]);
    expect(rows.splice(-4).map((row) => [row[2], row[7], row[9], row[11]])).toEqual([
      ['library/accuracy', '0.75', '3', '4'],
      ['library/domainCompleteness', '', '0', '0'],
      ['library/egress', '', '0', '0'],
      ['library/prefixCompleteness', '0.9', '90', '100'],
    ]);
    expect(rows.map((row) => [row[11], row[12], row[19]])).toEqual(
      figures.map(({ figure, verdict }) => [
        String(figure.observed),
        String(figure.registered),
        verdict,
      ]),
    );
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['@cmd', "'@cmd"],
    ['a,b', '"a,b"'],
    ['say "so"', '"say ""so"""'],
    [null, ''],
    [-3, '-3'],
  ])('csv writes %j as %s', (value, expected) => {
    expect(cell(value)).toBe(expected);
  });

  it('filings.csv says of every carrier whether it filed, when, and which version counts', () => {
    const filings = FORMATS.find(({ extension }) => extension === 'filings.csv');
    const rows = filings?.draw(edition.report, '').slice(1).trimEnd().split('\r\n') ?? [];
    expect(rows.map((row) => row.split(',').slice(2))).toEqual([
      expect.arrayContaining(['运营商 carrier', '状态 state', '所用版本 version']),
      [
        ...['telecom', '中国电信', 'late', '迟报 late', '2026-11-10T16:00:00.000Z'],
        ...['2', '2026-11-12T01:00:00.000Z', '7', '3', '0'],
      ],
      [
        ...['mobile', '中国移动', 'missing', '未收到 none received', '2026-11-10T16:00:00.000Z'],
        ...['', '', '0', '0', '0'],
      ],
    ]);
  });

  it('html leads from the summary to every target, and draws no map of silence', () => {
    const html = FORMATS.find(({ extension }) => extension === 'html');
    const text = html?.draw(edition.report, '') ?? '';
    const anchors = [...text.matchAll(/<a href="#([^"]+)"/g)].map(([, id]) => id);
    expect(anchors).toEqual(plan.targets.map(({ id }) => id));
    for (const id of anchors) expect(text).toContain(`<section id="${id}">`);
    // Only the one target with evidence has a map.
    expect(text.match(/<figure>/g)).toHaveLength(1);
    expect(text.match(/不绘地图/g)).toHaveLength(plan.targets.length - 1);
  });

  it('html names who filed late or not at all, and what the library is worth', () => {
    const html = FORMATS.find(({ extension }) => extension === 'html');
    const text = html?.draw(edition.report, '') ?? '';
    expect(text).toMatch(
      /中国电信 China Telecom<td>迟报<small>late<\/small><td>2<td>2026-11-12 09:00:00/,
    );
    expect(text).toMatch(/中国移动 China Mobile<td>未收到<small>none received<\/small><td>0<td>—/);
    expect(text).toMatch(/地址库完整率<small>[^<]*<\/small><td>90.0%<td>—<td>90\/100/);
    expect(text).toMatch(/域名库完整率<small>[^<]*<\/small><td>无证据 no evidence/);
  });

  it('html prints the hash and escapes what is not its own', () => {
    const html = FORMATS.find(({ extension }) => extension === 'html');
    const text =
      html?.draw(
        { ...edition.report, plan: { ...edition.report.plan, title: { zh: '<script>', en: '&' } } },
        'abc123',
      ) ?? '';
    expect(text).toContain('abc123');
    expect(text).not.toContain('<script>');
  });
});

describe('monthsDue', () => {
  const seal = { day: 3, hour: 3 };
  const at = (text: string) => new Date(`${text}+08:00`);

  it('waits until the hour of the day after the month', () => {
    expect(monthsDue(['2026-10'], new Set(), seal, at('2026-11-03T02:59:59'))).toEqual([]);
    expect(monthsDue(['2026-10'], new Set(), seal, at('2026-11-03T03:00:00'))).toEqual(['2026-10']);
  });

  it('catches up on every month it missed, oldest first, and on none twice', () => {
    expect(
      monthsDue(
        ['2026-10', '2026-09', '2026-07'],
        new Set(['2026-09']),
        seal,
        at('2026-11-24T00:00:00'),
      ),
    ).toEqual(['2026-07', '2026-10']);
  });
});
