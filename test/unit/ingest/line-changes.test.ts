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
    ...{ outsideFor: [], note: '', lat: null, lon: null, givenLat: null, givenLon: null, crs: '' },
  }),
);

const STANDING: LineVersion = {
  ...{ line: 'old', place: '320102002001', carrier: 'telecom', technology: 'ftth' },
  ...{ subscribedDownBps: 100_000_000, subscribedUpBps: null, opticalNode: '', onu: '' },
  ...{ validFrom: '2020-01-01', validTo: FOREVER },
};

const HEAD = 'line,place,carrier,technology,subscribedDownMbps,validFrom,validTo';

function changes(
  csv: string,
  lines: readonly LineVersion[] = [STANDING],
  places: readonly PlaceVersion[] = PLACES,
) {
  const read = readTable(csvSheet(Buffer.from(csv)), LINE_COLUMNS);
  if (read.faultCount > 0) return { lines: [], faults: read.faults };
  const carriers = ['telecom', 'mobile'];
  return lineChanges(read, { lines, places, carriers, validFrom: null });
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

  describe('of which a file says nothing', () => {
    const rich = { ...STANDING, subscribedUpBps: 2e7, opticalNode: 'OLT-1', onu: 'ONU-1' };

    it('columns that are absent leave what was; empty cells say that there is none', () => {
      const head = 'line,place,carrier,technology,validFrom';
      const row = 'old,320102002002,telecom,ftth,2026-12-01';
      const { lines } = changes(`${head}\n${row}`, [rich]);
      expect(lines[1]).toEqual({ ...rich, place: '320102002002', validFrom: '2026-12-01' });
      const bare = changes(`${head},subscribedUpMbps,onu\n${row},,`, [rich]).lines[1];
      expect(bare).toMatchObject({ subscribedUpBps: null, onu: '', opticalNode: 'OLT-1' });
      expect(changes(`${head}\nold,320102002001,telecom,ftth,2026-12-01`, [rich]).lines).toEqual(
        [],
      );
    });

    it('an end stays, until the file names another', () => {
      const ended = { ...STANDING, validTo: '2027-06-30' };
      const { lines } = changes(`${HEAD}\nold,320102002001,telecom,ftth,1000,2026-12-01,`, [ended]);
      expect(lines.at(-1)).toMatchObject({ subscribedDownBps: 1e9, validTo: '2027-06-30' });
      const reopened = `${HEAD}\nold,320102002001,telecom,ftth,100,2020-01-01,${FOREVER}`;
      expect(changes(reopened, [ended]).lines).toEqual([STANDING]);
      const later = `${HEAD}\nold,320102002001,telecom,ftth,100,2028-01-01,`;
      expect(changes(later, [ended]).lines).toMatchObject([
        { validFrom: '2028-01-01', validTo: FOREVER },
      ]);
    });
  });

  describe('whose place goes', () => {
    const becoming = (ending: string, successors: string[]) => {
      const [east, west] = PLACES as [PlaceVersion, PlaceVersion];
      return [{ ...east, validTo: '2027-12-31', ending, successors }, west];
    };
    const csv = `${HEAD}\nnew,320102002001,telecom,ftth,100,2027-06-01,`;

    it.each(['merge', 'recode'])('go along with a %s that is planned', (ending) => {
      const places = becoming(ending, ['320102002002']);
      const { lines, faults } = changes(csv, [], places);
      expect(faults).toEqual([]);
      expect(lines.map(({ place, validFrom, validTo }) => [place, validFrom, validTo])).toEqual([
        ['320102002001', '2027-06-01', '2027-12-31'],
        ['320102002002', '2028-01-01', FOREVER],
      ]);
      for (const again of [csv, `${csv}${FOREVER}`])
        expect(changes(again, lines, places)).toMatchObject({ lines: [], faults: [] });
    });

    it.each(['split', 'close'])('cannot stay beyond a %s', (ending) => {
      const { faults } = changes(csv, [], becoming(ending, []));
      expect(faults.map(({ code, column }) => [code, column])).toEqual([['place-ends', 'place']]);
      expect(changes(`${csv}2027-12-31`, [], becoming(ending, [])).faults).toEqual([]);
    });
  });

  it('are blamed under the names the file has', () => {
    const { faults } = changes('线路,地点,运营商,接入技术\nnew,320102002009,unicom,ftth');
    expect(faults).toMatchObject([
      { column: 'validFrom', zh: expect.stringContaining('启用日期') },
    ]);
    const dated = changes(
      '线路,地点,运营商,接入技术,启用日期\nnew,320102002009,unicom,ftth,2026-12-01',
    );
    expect(dated.faults.map(({ column }) => column).sort()).toEqual(['地点', '运营商'].sort());
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
    probeChanges(readTable(csvSheet(Buffer.from(csv)), PROBE_COLUMNS), {
      probes: [
        { probe: 'p-old', line: 'old', revoked: null },
        { probe: 'p-gone', line: 'old', revoked: '2026-01-01T00:00:00Z' },
      ],
      lines: [
        STANDING,
        { ...STANDING, line: 'xuanwu-000001' },
        { ...STANDING, line: 'gone', validTo: '2026-11-24' },
        { ...STANDING, line: 'planned', validFrom: '2027-01-01' },
        { ...STANDING, line: 'self', technology: LOOPBACK },
      ],
      today: '2026-11-25',
    });

  it('are enrolled once', () => {
    expect(found(PROBE_TEMPLATE).probes).toEqual([{ probe: 'xuanwu-p1', line: 'xuanwu-000001' }]);
    expect(found('probe,line\np-old,old')).toEqual({ probes: [], faults: [], faultCount: 0 });
    expect(found('probe,line\np-new,planned').probes).toHaveLength(1);
  });

  it('are blamed under the names the file has', () => {
    expect(found('探针,线路\np-new,nowhere').faults).toMatchObject([{ column: '线路' }]);
  });

  it.each([
    ['p-new,nowhere', '2 line-unknown'],
    ['p-new,gone', '2 line-ended'],
    ['p-new,self', '2 line-reserved'],
    ['p-old,xuanwu-000001', '2 probe-exists'],
    ['p-gone,old', '2 probe-exists'],
    ['p-new,old\np-new,old', '3 probe-twice'],
  ])('refused: %s', (rows, expected) => {
    const { faults } = found(`probe,line\n${rows}`);
    expect(faults.map(({ line, code }) => `${line} ${code}`)).toEqual([expected]);
  });
});
