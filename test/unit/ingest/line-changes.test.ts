import { describe, expect, it } from 'vitest';
import { LOOPBACK } from '../../../ingest/binding.ts';
import { FOREVER } from '../../../ingest/days.ts';
import { LINE_COLUMNS, LINE_TEMPLATE, lineChanges } from '../../../ingest/line-changes.ts';
import type { LineVersion } from '../../../ingest/line-history.ts';
import type { PlaceVersion } from '../../../ingest/place-history.ts';
import { PROBE_COLUMNS, PROBE_TEMPLATE, probeChanges } from '../../../ingest/probe-changes.ts';
import { csvSheet, readTable } from '../../../ingest/table-file.ts';
import { chance } from '../../chance.ts';

const PLACES = ['320102002001', '320102002002'].map(
  (code): PlaceVersion => ({
    ...{ code, name: '村', level: 'village', parent: '320102002', kind: '', source: '' },
    ...{ validFrom: '2013-06-15', validTo: FOREVER, ending: '', successors: [], outside: false },
    ...{ note: '', lat: null, lon: null, givenLat: null, givenLon: null, crs: '' },
  }),
);

const STANDING: LineVersion = {
  ...{ line: 'old', place: '320102002001', carrier: 'telecom', technology: 'ftth' },
  ...{ subscribedDownBps: 100_000_000, subscribedUpBps: null, opticalNode: '', onu: '' },
  ...{ validFrom: '2020-01-01', validTo: FOREVER },
};

const HEAD = 'line,place,carrier,technology,subscribedDownMbps,validFrom,validTo';

function changes(csv: string, lines: readonly LineVersion[] = [STANDING]) {
  const { rows, faults, faultCount } = readTable(csvSheet(Buffer.from(csv)), LINE_COLUMNS);
  if (faultCount > 0) return { lines: [], faults };
  const carriers = ['telecom', 'mobile'];
  return lineChanges(rows, { lines, places: PLACES, carriers, validFrom: null });
}

describe('lines', () => {
  it('are registered as of a day, rates in bit/s', () => {
    const { faults, lines } = changes(LINE_TEMPLATE);
    expect(faults).toEqual([]);
    expect(lines).toEqual([
      {
        ...{ line: 'xuanwu-000001', place: '320102002001', carrier: 'telecom', technology: 'ftth' },
        ...{ subscribedDownBps: 500_000_000, subscribedUpBps: 50_000_000 },
        ...{ opticalNode: 'OLT-XW-03', onu: 'ZTEG12345678' },
        ...{ validFrom: '2026-12-01', validTo: FOREVER },
      },
    ]);
  });

  it('that are otherwise from a day on get a new version; the old one ends the day before', () => {
    const { lines } = changes(`${HEAD}\nold,320102002001,telecom,ftth,1000,2026-12-01,`);
    expect(lines).toEqual([
      { ...STANDING, validTo: '2026-11-30' },
      { ...STANDING, subscribedDownBps: 1_000_000_000, validFrom: '2026-12-01' },
    ]);
  });

  it('end', () => {
    const { lines } = changes(`${HEAD}\nold,320102002001,telecom,ftth,100,2020-01-01,2026-12-31`);
    expect(lines).toEqual([{ ...STANDING, validTo: '2026-12-31' }]);
  });

  it('that are as they were get no version', () => {
    expect(changes(`${HEAD}\nold,320102002001,telecom,ftth,100,2026-12-01,`).lines).toEqual([]);
    const { lines } = changes(LINE_TEMPLATE);
    expect(changes(LINE_TEMPLATE, lines).lines).toEqual([]);
  });

  it('may stand in any order', () => {
    const rows = Array.from(
      { length: 30 },
      (_, index) =>
        `l-${index % 7},32010200200${1 + (index % 2)},telecom,ftth,${100 + index},20${10 + Math.floor(index / 7) * 2 + 4}-01-01,`,
    );
    const wanted = changes([HEAD, ...rows].join('\n'));
    expect([wanted.faults, wanted.lines.length]).toEqual([[], 30]);
    for (let round = 0; round < 50; round++)
      expect(changes([HEAD, ...chance(round).shuffled(rows)].join('\n'))).toEqual(wanted);
  });

  it.each<[string, string, string[]]>([
    ['an unknown place', 'new,320102002009,telecom,ftth,100,2026-12-01,', ['2 place-unknown']],
    [
      'a place that was not yet',
      'new,320102002001,telecom,ftth,100,2010-12-01,',
      ['2 place-unknown'],
    ],
    [
      'a carrier the plan has not',
      'new,320102002001,unicom,ftth,100,2026-12-01,',
      ['2 carrier-unknown'],
    ],
    [
      'a technology there is not',
      'new,320102002001,telecom,wlan,100,2026-12-01,',
      ['2 cell-malformed'],
    ],
    [
      'the station itself',
      `new,320102002001,telecom,${LOOPBACK},100,2026-12-01,`,
      ['2 cell-malformed'],
    ],
    ['a rate of nothing', 'new,320102002001,telecom,ftth,0,2026-12-01,', ['2 cell-malformed']],
    ['no day', 'new,320102002001,telecom,ftth,100,,', ['2 date-missing']],
    [
      'an end before its beginning',
      'new,320102002001,telecom,ftth,100,2026-12-01,2026-11-01',
      ['2 ends-before-begins'],
    ],
    [
      'another version from the very day',
      'old,320102002001,mobile,ftth,100,2020-01-01,',
      ['2 line-version-exists'],
    ],
    [
      'a version before a later one',
      'old,320102002002,telecom,ftth,100,2019-01-01,',
      ['2 line-overlap'],
    ],
    [
      'a line twice',
      'new,320102002001,telecom,ftth,100,2026-12-01,\nnew,320102002002,telecom,ftth,100,2026-12-01,',
      ['3 line-twice'],
    ],
    [
      'a name nobody can type',
      'Neu!,320102002001,telecom,ftth,100,2026-12-01,',
      ['2 cell-malformed'],
    ],
  ])('refused: %s', (_what, row, expected) => {
    const { faults } = changes(`${HEAD}\n${row}`);
    expect(faults.map(({ line, code }) => `${line} ${code}`)).toEqual(expected);
  });

  it('of the station are nobody else’s', () => {
    const own = { ...STANDING, technology: LOOPBACK };
    const { faults } = changes(`${HEAD}\nold,320102002001,telecom,ftth,1000,2026-12-01,`, [own]);
    expect(faults.map(({ code }) => code)).toEqual(['line-reserved']);
  });
});

describe('probes', () => {
  const found = (csv: string) =>
    probeChanges(readTable(csvSheet(Buffer.from(csv)), PROBE_COLUMNS).rows, {
      probes: [
        { probe: 'p-old', line: 'old', revoked: null },
        { probe: 'p-gone', line: 'old', revoked: '2026-01-01T00:00:00Z' },
      ],
      lines: new Set(['old', 'xuanwu-000001']),
    });

  it('are enrolled once', () => {
    expect(found(PROBE_TEMPLATE).probes).toEqual([{ probe: 'xuanwu-p1', line: 'xuanwu-000001' }]);
    expect(found('probe,line\np-old,old')).toEqual({ probes: [], faults: [], faultCount: 0 });
  });

  it.each([
    ['p-new,nowhere', '2 line-unknown'],
    ['p-old,xuanwu-000001', '2 probe-exists'],
    ['p-gone,old', '2 probe-exists'],
    ['p-new,old\np-new,old', '3 probe-twice'],
  ])('refused: %s', (rows, expected) => {
    const { faults } = found(`probe,line\n${rows}`);
    expect(faults.map(({ line, code }) => `${line} ${code}`)).toEqual([expected]);
  });
});
