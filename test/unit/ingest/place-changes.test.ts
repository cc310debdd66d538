import { describe, expect, it } from 'vitest';
import { COUNTY_MAP } from '../../../api/geometry.ts';
import { FOREVER } from '../../../ingest/days.ts';
import type { LineVersion } from '../../../ingest/line-history.ts';
import { type PlaceChanges, placeChanges } from '../../../ingest/place-changes.ts';
import { PLACE_COLUMNS, PLACE_TEMPLATE } from '../../../ingest/place-file.ts';
import type { PlaceVersion } from '../../../ingest/place-history.ts';
import { levelOf, parentOf, Register } from '../../../ingest/register.ts';
import { csvSheet, readTable } from '../../../ingest/table-file.ts';
import { chance } from '../../chance.ts';

function place(code: string, name: string, its: Partial<PlaceVersion> = {}): PlaceVersion {
  return {
    ...{ code, name, level: levelOf(code) ?? 'village', parent: parentOf(code) },
    kind: levelOf(code) === 'village' ? 'village_committee' : '',
    ...{ validFrom: '2013-06-15', validTo: FOREVER, source: 'test', ending: '', successors: [] },
    ...{
      outside: false,
      outsideFor: [],
      note: '',
      lat: null,
      lon: null,
      givenLat: null,
      givenLon: null,
      crs: '',
    },
    ...its,
  };
}

/** A county with one township of three villages, the second of which has a hamlet. */
const PLACES = [
  place('32', '江苏省'),
  place('3201', '南京市'),
  place('320102', '玄武区'),
  place('320102002', '甲镇'),
  place('320102003', '乙镇'),
  place('320102002001', '东村'),
  place('320102002002', '西村'),
  place('320102002003', '南村'),
  place('320102002002-001', '小庄'),
];

function aLine(line: string, at: string, its: Partial<LineVersion> = {}): LineVersion {
  return {
    ...{ line, place: at, carrier: 'telecom', technology: 'ftth', opticalNode: '', onu: '' },
    ...{ subscribedDownBps: null, subscribedUpBps: null },
    ...{ validFrom: '2020-01-01', validTo: FOREVER, ...its },
  };
}

interface Against {
  readonly places?: readonly PlaceVersion[];
  readonly lines?: readonly LineVersion[];
  readonly validFrom?: string | null;
}

function changes(csv: string, against: Against = {}): PlaceChanges {
  const read = readTable(csvSheet(Buffer.from(csv)), PLACE_COLUMNS);
  expect(read.faults).toEqual([]);
  return placeChanges(read, {
    ...{ places: PLACES, lines: [], validFrom: null, counties: COUNTY_MAP },
    ...against,
  });
}

function faultsOf(csv: string, against: Against = {}): string[] {
  const read = readTable(csvSheet(Buffer.from(csv)), PLACE_COLUMNS);
  const context = { places: PLACES, lines: [], validFrom: null, counties: COUNTY_MAP, ...against };
  const found = read.faultCount > 0 ? read.faults : placeChanges(read, context).faults;
  return found.map(({ line, code }) => `${line} ${code}`);
}

/** Versions as they are after a file, the later ones in the place of those they overlay. */
function withThose(found: PlaceChanges, before: readonly PlaceVersion[] = PLACES): PlaceVersion[] {
  const all = new Map(before.map((one) => [`${one.code} ${one.validFrom}`, one]));
  for (const one of found.places) all.set(`${one.code} ${one.validFrom}`, one);
  return [...all.values()];
}

function registerOn(day: string, versions: readonly PlaceVersion[]): Register {
  return new Register(
    versions.filter(({ validFrom, validTo }) => validFrom <= day && day <= validTo),
  );
}

/** Codes and names of villages and hamlets on a day. */
function standing(day: string, versions: readonly PlaceVersion[]): string[] {
  const register = registerOn(day, versions);
  return [...register.below('32', 'village'), ...register.below('32', 'hamlet')].map(
    ({ code, name }) => `${code.slice(6)} ${name}`,
  );
}

describe('what happens to places', () => {
  it('a place is added from a day on, of its own level and below its own parent', () => {
    const found = changes(
      'code,name,kind,date\n320102002004,新村,village_committee,2026-12-01\n320102002004-001,新庄,,2026-12-01',
    );
    expect(found.faults).toEqual([]);
    expect(found.places).toMatchObject([
      { code: '320102002004', level: 'village', parent: '320102002', validFrom: '2026-12-01' },
      { code: '320102002004-001', level: 'hamlet', parent: '320102002004', validTo: FOREVER },
    ]);
    expect(registerOn('2026-11-30', withThose(found)).villagesBelow('32')).toBe(3);
    expect(registerOn('2026-12-01', withThose(found)).villagesBelow('320102002')).toBe(4);
  });

  it('a name changes, and was another until then', () => {
    const versions = withThose(
      changes('变更,代码,名称,生效日期\n更名,320102002001,东升村,2026-12-01'),
    );
    expect(standing('2026-11-30', versions)).toContain('002001 东村');
    expect(standing('2026-12-01', versions)).toContain('002001 东升村');
    expect(versions).toContainEqual(
      expect.objectContaining({ name: '东村', ending: 'rename', successors: ['320102002001'] }),
    );
  });

  it('a code changes; hamlets and lines go along', () => {
    const found = changes(
      'action,code,newCode,date\nrecode,320102002002,320102003001,2026-12-01\nrecode,320102002002-001,320102003001-001,2026-12-01',
      {
        lines: [
          aLine('a', '320102002002'),
          aLine('b', '320102002002-001'),
          aLine('c', '320102002001'),
        ],
      },
    );
    expect(found.faults).toEqual([]);
    expect(standing('2026-12-01', withThose(found))).toEqual([
      ...['002001 东村', '002003 南村', '003001 西村', '003001-001 小庄'],
    ]);
    expect(registerOn('2026-12-01', withThose(found)).villagesBelow('320102003')).toBe(1);
    expect(
      found.lines.map(({ line, place: at, validFrom, validTo }) => [line, at, validFrom, validTo]),
    ).toEqual([
      ['a', '320102002002', '2020-01-01', '2026-11-30'],
      ['a', '320102003001', '2026-12-01', FOREVER],
      ['b', '320102002002-001', '2020-01-01', '2026-11-30'],
      ['b', '320102003001-001', '2026-12-01', FOREVER],
    ]);
  });

  it('several become one: fewer villages from that day, as many before', () => {
    const found = changes(
      'action,code,newCode,date\nmerge,320102002002,320102002001,2026-12-01\nmerge,320102002003,320102002001,2026-12-01\nclose,320102002002-001,,2026-12-01',
      { lines: [aLine('a', '320102002003', { validFrom: '2027-01-01' })] },
    );
    expect(found.faults).toEqual([]);
    const versions = withThose(found);
    expect(registerOn('2026-11-30', versions).villagesBelow('32')).toBe(3);
    expect(registerOn('2026-12-01', versions).villagesBelow('32')).toBe(1);
    expect(found.lines).toMatchObject([
      { line: 'a', place: '320102002001', validFrom: '2027-01-01' },
    ]);
  });

  it('a merger may make a new place', () => {
    const found = changes(
      'action,code,name,newCode,date,kind\nmerge,320102002001,,320102002009,2026-12-01,\nmerge,320102002003,,320102002009,2026-12-01,\nadd,320102002009,联合村,,2026-12-01,village_committee',
    );
    expect(found.faults).toEqual([]);
    expect(standing('2026-12-01', withThose(found)).slice(0, 2)).toEqual([
      '002002 西村',
      '002009 联合村',
    ]);
  });

  it('one becomes several, one of which may keep the code; its lines stay and are told of', () => {
    const kept = changes(
      'action,code,name,newCode,date\nsplit,320102002001,,320102002001,2026-12-01\nsplit,320102002001,东二村,320102002008,2026-12-01',
      { lines: [aLine('a', '320102002001')] },
    );
    expect([kept.faults, kept.warnings, kept.lines]).toEqual([[], [], []]);
    expect(registerOn('2026-12-01', withThose(kept)).villagesBelow('32')).toBe(4);
    expect(kept.places).toContainEqual(
      expect.objectContaining({ ending: 'split', successors: ['320102002001', '320102002008'] }),
    );

    const gone = changes(
      'action,code,name,newCode,date\nsplit,320102002001,东一村,320102002007,2026-12-01\nsplit,320102002001,东二村,320102002008,2026-12-01',
      { lines: [aLine('a', '320102002001')] },
    );
    expect(gone.faults).toEqual([]);
    expect(gone.warnings.map(({ code }) => code)).toEqual(['lines-left']);
    expect(registerOn('2026-12-01', withThose(gone)).villagesBelow('32')).toBe(4);
  });

  it('what is served from outside is there and in no denominator, until it is served from inside', () => {
    const once = withThose(
      changes('action,code,date,note\noutside,320102002001,2026-12-01,由安徽滁州电信服务'),
    );
    const twice = withThose(
      changes('action,code,date\ninside,320102002001,2027-06-01', { places: once }),
      once,
    );
    expect(
      ['2026-11-30', '2026-12-01', '2027-06-01'].map((day) =>
        registerOn(day, twice).villagesBelow('32'),
      ),
    ).toEqual([3, 2, 3]);
    expect(registerOn('2026-12-01', twice).find('320102002001')?.name).toBe('东村');
  });

  it('what some carriers serve from outside is no place of theirs, and one of all others', () => {
    const head = 'action,code,name,date,note,carriers,newCode';
    const noted = withThose(
      changes(`${head}\noutside,320102002001,,2026-12-01,由安徽滁州服务,telecom;mobile telecom,`),
    );
    const renamed = withThose(
      changes(`${head}\nrename,320102002001,新村,2027-01-01,,,`, { places: noted }),
      noted,
    );
    const recoded = withThose(
      changes(`${head}\nrecode,320102002001,,2027-02-01,,,320102002009`, { places: renamed }),
      renamed,
    );
    const inside = withThose(
      changes(`${head}\ninside,320102002009,,2027-03-01,,,`, { places: recoded }),
      recoded,
    );
    const counted = (day: string) =>
      ['telecom', 'mobile', 'cable', null].map((carrier) =>
        registerOn(day, inside).villagesBelow('3201', [], carrier),
      );
    expect(counted('2026-11-30')).toEqual([3, 3, 3, 3]);
    for (const day of ['2026-12-01', '2027-01-01', '2027-02-01'])
      expect([day, counted(day)]).toEqual([day, [2, 2, 3, 3]]);
    expect(counted('2027-03-01')).toEqual([3, 3, 3, 3]);
    const kinds = (kind: string) =>
      registerOn('2026-12-01', inside).villagesBelow('32', [kind], 'telecom');
    expect([kinds('village_committee'), kinds('residents')]).toEqual([2, 0]);
    // Said of all, it is no longer said of some.
    const all = changes(`${head}\noutside,320102002001,,2026-12-15,由安徽滁州服务,,`, {
      places: noted,
    });
    expect(all.places).toContainEqual(expect.objectContaining({ outside: true, outsideFor: [] }));
    // The same once more is no news.
    const again = `${head}\noutside,320102002001,,2026-12-15,由安徽滁州服务,mobile telecom,`;
    expect(changes(again, { places: noted })).toMatchObject({ faults: [], places: [] });
  });

  it('counts and positions are no new version', () => {
    const found = changes(
      'action,code,date,lat,lon,crs,residents,households,asOf,source\ndescribe,320102002001,2026-12-01,32.05,118.79,CGCS2000,3120,960,2025,年鉴',
    );
    expect(found.faults).toEqual([]);
    expect(found.places).toMatchObject([
      { validFrom: '2013-06-15', lat: 32.05, givenLat: 32.05, crs: 'CGCS2000' },
    ]);
    expect(found.statistics).toEqual([
      { code: '320102002001', asOf: 2025, residents: 3120, households: 960, source: '年鉴' },
    ]);
  });

  it('a position is kept as given and as WGS 84; one outside its county is told of and taken', () => {
    const found = changes(
      'action,code,date,lat,lon,crs\ndescribe,320102002001,2026-12-01,32.05,118.79,gcj-02\ndescribe,320102002002,2026-12-01,31.3,120.6,WGS84',
    );
    expect(found.warnings.map(({ line, code }) => [line, code])).toEqual([
      [3, 'position-outside-county'],
    ]);
    const [shifted, far] = found.places;
    expect(shifted).toMatchObject({ givenLat: 32.05, givenLon: 118.79, crs: 'GCJ02' });
    expect(shifted?.lon).toBeCloseTo(118.7848, 3);
    expect(far).toMatchObject({ lat: 31.3, lon: 120.6 });
  });

  it('what the register says already makes no version', () => {
    const csv =
      'action,code,name,newCode,date,kind,note\nrename,320102002001,东升村,,2026-12-01,,依苏政发〔2026〕9 号\nmerge,320102002003,,320102002001,2026-12-02,,\nadd,320102002004,新村,,2026-12-01,village_committee,\nclose,320102002002-001,,,2026-12-01,,';
    const versions = withThose(changes(csv));
    const again = changes(csv, { places: versions });
    expect([again.faults, again.places]).toEqual([[], []]);
  });

  it('what has a later version ends within that one, not before it', () => {
    const renamed = withThose(changes('action,code,name,date\nrename,320102002001,新,2028-01-01'));
    const ended = (row: string) =>
      faultsOf(`action,code,newCode,date\n${row}`, { places: renamed });
    for (const [action, newCode] of [
      ['merge', '320102002003'],
      ['recode', '320102002009'],
      ['close', ''],
    ]) {
      expect(ended(`${action},320102002001,${newCode},2027-01-01`)).toEqual(['2 later-version']);
      expect(ended(`${action},320102002001,${newCode},2028-06-01`)).toEqual([]);
    }
  });

  it('a recode takes along what is planned', () => {
    const planned = withThose(
      changes('action,code,newCode,date\nmerge,320102002001,320102002003,2028-01-01'),
    );
    const found = changes('action,code,newCode,date\nrecode,320102002001,320102003001,2027-01-01', {
      places: planned,
    });
    expect(found.faults).toEqual([]);
    expect(found.places).toContainEqual(
      expect.objectContaining({
        ...{ code: '320102003001', validFrom: '2027-01-01', validTo: '2027-12-31' },
        ...{ ending: 'merge', successors: ['320102002003'] },
      }),
    );
  });

  it('a note stays through a rename, and goes when a place is served from inside again', () => {
    const head = 'action,code,name,date,note';
    const noted = withThose(
      changes(`${head}\noutside,320102002001,,2026-12-01,由安徽滁州电信服务`),
    );
    const renamed = changes(`${head}\nrename,320102002001,新,2027-01-01,`, { places: noted });
    const note = '由安徽滁州电信服务';
    expect(renamed.places).toContainEqual(expect.objectContaining({ name: '新', note }));
    const inside = changes(`${head}\ninside,320102002001,,2027-02-01,`, {
      places: withThose(renamed, noted),
    });
    expect(inside.places).toContainEqual(expect.objectContaining({ outside: false, note: '' }));
  });

  it('a position reaches the versions that follow, where nobody said it of them', () => {
    const versions = withThose(
      changes(
        'action,code,name,date,lat,lon,crs\nrename,320102002001,新,2027-01-01,,,\nrename,320102002002,西二,2027-01-01,32.06,118.8,WGS84',
      ),
    );
    const found = changes(
      'action,code,date,lat,lon,crs\ndescribe,320102002001,2026-12-01,32.05,118.79,WGS84\ndescribe,320102002002,2026-12-01,32.05,118.79,WGS84',
      { places: versions },
    );
    expect(found.places.map(({ code, validFrom, lat }) => [code, validFrom, lat])).toEqual([
      ['320102002001', '2013-06-15', 32.05],
      ['320102002001', '2027-01-01', 32.05],
      ['320102002002', '2013-06-15', 32.05],
    ]);
  });

  it('faults name the columns as the file does, in its own language', () => {
    const read = readTable(
      csvSheet(Buffer.from('代码,名称,级别,经度,纬度\n320102002001-009,新庄,村,118.79,32.05')),
      PLACE_COLUMNS,
    );
    const context = { places: PLACES, lines: [], validFrom: null, counties: COUNTY_MAP };
    const { faults } = placeChanges(read, context);
    expect(faults.map(({ column, code }) => [column, code])).toEqual([
      ['crs', 'crs-missing'],
      ['date', 'date-missing'],
      ['级别', 'level-mismatch'],
    ]);
    expect(faults[2]?.zh).toBe('代码 320102002001-009 是自然村级,不是村级');
    expect(faults[1]?.zh).toContain('生效日期');
  });

  it('lines left behind are counted once each', () => {
    const lines = [
      aLine('a', '320102002001', { validTo: '2027-06-01' }),
      aLine('a', '320102002001', { validFrom: '2027-06-02', technology: 'fttb' }),
      aLine('b', '320102002001'),
    ];
    const { warnings } = changes('action,code,date\nclose,320102002001,2026-12-01', { lines });
    expect(warnings.map(({ code, zh }) => [code, zh.includes(' 2 条')])).toEqual([
      ['lines-left', true],
    ]);
  });

  it('the template is a good file', () => {
    const found = changes(PLACE_TEMPLATE);
    expect([found.faults, found.warnings]).toEqual([[], []]);
    expect(found.places).toHaveLength(1);
  });
});

describe('files that will not do', () => {
  const HEAD = 'action,code,name,newCode,date';
  it.each<[string, string, string[]]>([
    ['a code of no level', 'code,name,date\n3201020020,新村,2026-12-01', ['2 cell-malformed']],
    ['a day there is not', 'code,name,date\n320102002004,新村,2026-02-30', ['2 cell-malformed']],
    ['no day', 'code,name\n320102002004,新村', ['2 date-missing']],
    ['an unknown action', 'action,code,date\nmove,320102002001,2026-12-01', ['2 cell-malformed']],
    [
      'a level its code is not of',
      'code,name,level,date\n320102002004,新村,自然村,2026-12-01',
      ['2 level-mismatch'],
    ],
    [
      'a parent its code is not below',
      'code,name,parent,date\n320102002004,新村,320102003,2026-12-01',
      ['2 parent-mismatch'],
    ],
    [
      'a hamlet in a township',
      'code,name,parent,date\n320102002001-001,新庄,320102002,2026-12-01',
      ['2 hamlet-parent'],
    ],
    [
      'a parent nobody knows',
      'code,name,kind,date\n320102004001,新村,village_committee,2026-12-01',
      ['2 parent-unknown'],
    ],
    [
      'a hamlet of a village nobody knows',
      'code,name,date\n320102002009-001,新庄,2026-12-01',
      ['2 parent-unknown'],
    ],
    [
      'a place before its parent',
      'code,name,kind,date\n320102002004,新村,village_committee,2010-01-01',
      ['2 place-orphaned'],
    ],
    [
      'a code twice',
      'code,name,date\n320102002004,新村,2026-12-01\n320102002005,又村,2026-12-01\n320102002004,新村,2026-12-01',
      ['4 code-twice'],
    ],
    [
      'an end before its beginning',
      'code,name,date,validTo\n320102002004,新村,2026-12-01,2026-11-30',
      ['2 ends-before-begins'],
    ],
    [
      'an end where none belongs',
      `${HEAD},validTo\nrename,320102002001,新,,2026-12-01,2027-01-01`,
      ['2 end-unwanted'],
    ],
    [
      'versions that overlap',
      'code,name,kind,date,validTo\n320102002004,新村,village_committee,2026-12-01,2027-12-31\n320102002004,再村,,2027-06-01,',
      ['3 place-exists'],
    ],
    [
      'an open version before another',
      'code,name,kind,date\n320102002001,东村,village_committee,2013-01-01',
      ['2 place-overlap'],
    ],
    [
      'a place that is there by another name',
      `${HEAD}\nadd,320102002001,别村,,2026-12-01`,
      ['2 place-exists'],
    ],
    [
      'a recode of what is not there',
      `${HEAD}\nrecode,320102002009,,320102002008,2026-12-01`,
      ['2 place-unknown'],
    ],
    [
      'a recode onto a place that is there',
      `${HEAD}\nrecode,320102002001,,320102002003,2026-12-01`,
      ['2 place-overlap'],
    ],
    [
      'a recode to another level',
      `${HEAD}\nrecode,320102002001,,320102009,2026-12-01`,
      ['2 level-mismatch'],
    ],
    ['a recode to nowhere', `${HEAD}\nrecode,320102002001,,,2026-12-01`, ['2 new-code-missing']],
    [
      'a rename to a code',
      `${HEAD}\nrename,320102002001,新,320102002009,2026-12-01`,
      ['2 new-code-unwanted'],
    ],
    [
      'a circle',
      `${HEAD}\nrecode,320102002001,,320102002003,2026-12-01\nrename,320102002002,新西村,,2026-12-01\nrecode,320102002003,,320102002001,2026-12-01`,
      ['2 recode-cycle', '4 recode-cycle'],
    ],
    [
      'a place merged into itself',
      `${HEAD}\nmerge,320102002001,,320102002001,2026-12-01`,
      ['2 recode-cycle'],
    ],
    [
      'a merger into nothing',
      `${HEAD}\nmerge,320102002001,,320102002009,2026-12-01`,
      ['2 successor-unknown'],
    ],
    [
      'a merger into what ends that day',
      `${HEAD}\nmerge,320102002001,,320102002003,2026-12-01\nclose,320102002003,,,2026-12-01`,
      ['2 successor-unknown'],
    ],
    [
      'a part without a name',
      `${HEAD}\nsplit,320102002001,,320102002007,2026-12-01`,
      ['2 name-missing'],
    ],
    ['children left behind', `${HEAD}\nclose,320102002002,,,2026-12-01`, ['2 children-orphaned']],
    [
      'a child that outlives its parent',
      `${HEAD}\nclose,320102002002,,,2026-12-01\nclose,320102002002-001,,,2026-12-05`,
      ['3 place-orphaned'],
    ],
    [
      'a rename of what is closed',
      `${HEAD}\nclose,320102002001,,,2026-12-01\nrename,320102002001,新,,2026-12-02`,
      ['3 place-unknown'],
    ],
    [
      'a place closed on its first day',
      `${HEAD}\nclose,320102002001,,,2013-06-15`,
      ['2 ends-before-begins'],
    ],
    [
      'a second name from the very day',
      `${HEAD}\nrename,320102002001,新,,2013-06-15`,
      ['2 place-version-exists'],
    ],
    ['a name that is missing', `${HEAD}\nadd,320102002004,,,2026-12-01`, ['2 name-missing']],
    [
      'outside, and nobody says where',
      'action,code,date\noutside,320102002001,2026-12-01',
      ['2 note-missing'],
    ],
    [
      'carriers of a place that is not served from outside',
      'action,code,name,date,carriers\nrename,320102002001,新村,2026-12-01,telecom',
      ['2 cell-unwanted'],
    ],
    [
      'half a position',
      'action,code,date,lat,crs\ndescribe,320102002001,2026-12-01,32.05,WGS84',
      ['2 position-incomplete'],
    ],
    [
      'a position in no system',
      'action,code,date,lat,lon\ndescribe,320102002001,2026-12-01,32.05,118.79',
      ['2 crs-missing'],
    ],
    [
      'a position off the globe',
      'action,code,date,lat,lon,crs\ndescribe,320102002001,2026-12-01,132.05,118.79,WGS84',
      ['2 cell-malformed'],
    ],
    [
      'a system there is not',
      'action,code,date,lat,lon,crs\ndescribe,320102002001,2026-12-01,32.05,118.79,北京54',
      ['2 cell-malformed'],
    ],
    [
      'a number of people below none',
      'action,code,date,residents,asOf\ndescribe,320102002001,2026-12-01,-5,2025',
      ['2 cell-malformed'],
    ],
    [
      'a count of no year',
      'action,code,date,residents\ndescribe,320102002001,2026-12-01,500',
      ['2 year-missing'],
    ],
    ['a village of no kind', 'code,name,date\n320102002004,新村,2026-12-01', ['2 kind-missing']],
    [
      'a village of a kind no other is of',
      'code,name,kind,date\n320102002004,新村,vilage_committee,2026-12-01',
      ['2 kind-unknown'],
    ],
    [
      'a change to a kind there is not',
      'action,code,name,kind,date\nrename,320102002001,新,社区,2026-12-01',
      ['2 kind-unknown'],
    ],
    [
      'a name where nothing is named',
      `${HEAD}\nmerge,320102002001,东村,320102002003,2026-12-01\ndescribe,320102002002,西村,,2026-12-01`,
      ['2 cell-unwanted', '3 cell-unwanted'],
    ],
    [
      'a position of what goes',
      'action,code,date,lat,lon,crs,note\nclose,320102002001,2026-12-01,32.05,118.79,WGS84,迁走',
      ['2 cell-unwanted', '2 cell-unwanted', '2 cell-unwanted'],
    ],
    [
      'two counts of one year',
      'action,code,date,residents,households,asOf\ndescribe,320102002001,2026-12-01,500,,2025\ndescribe,320102002001,2026-12-02,,160,2025\ndescribe,320102002001,2026-12-03,510,,2026',
      ['3 count-twice'],
    ],
    [
      'an end of what stands without one',
      'code,name,date,validTo\n320102002001,东村,2026-12-01,2027-12-31',
      ['2 place-exists'],
    ],
    [
      'another note on what stands',
      'code,name,date,note\n320102002001,东村,2026-12-01,旧称东庄',
      ['2 place-exists'],
    ],
    [
      'the same end on another day',
      `${HEAD}\nclose,320102002001,,,2026-12-01\nclose,320102002001,,,2027-12-01`,
      ['3 place-unknown'],
    ],
    ['an unknown column', 'code,name,colour\n320102002004,新村,red', ['1 column-unknown']],
  ])('%s', (_what, csv, expected) => {
    expect(faultsOf(csv)).toEqual(expected);
  });

  it('takes the day of rows that name none from the command', () => {
    const csv = 'code,name,kind\n320102002004,新村,village_committee';
    expect(faultsOf(csv, { validFrom: '2026-12-01' })).toEqual([]);
  });
});

/** A warning names the line it is about, and that alone depends on the order. */
function unnumbered(found: PlaceChanges) {
  return { ...found, warnings: found.warnings.map((warning) => ({ ...warning, line: 0 })) };
}

describe('the order of rows', () => {
  it('changes nothing', () => {
    const head = 'action,code,name,newCode,date,residents,asOf,note,kind';
    const rows = [
      'rename,320102002,甲街道,,2026-10-01,,,',
      'merge,320102002001,,320102002009,2026-12-01,,,',
      'merge,320102002003,,320102002009,2026-12-01,,,',
      'add,320102002009,联合村,,2026-12-01,900,2025,,village_committee',
      'recode,320102002002,,320102003001,2026-11-01,,,',
      'recode,320102002002-001,,320102003001-001,2026-11-01,,,',
      'split,320102002009,联一村,320102002009,2027-03-01,,,',
      'split,320102002009,联二村,320102002010,2027-03-01,,,',
      'outside,320102003001,,,2027-04-01,,,由安徽服务',
      'add,320102003001-002,大庄,,2027-05-01,,,',
      'close,320102003001-001,,,2027-06-01,,,',
    ];
    const lines = [
      ...['320102002001', '320102002002', '320102002003', '320102002002-001'].flatMap(
        (at, index) => [
          aLine(`line-${index}`, at),
          aLine(`late-${index}`, at, { validFrom: '2026-12-15' }),
        ],
      ),
    ];
    const wanted = changes([head, ...rows].join('\n'), { lines });
    expect(wanted.faults).toEqual([]);
    expect(wanted.lines.length).toBeGreaterThan(8);
    const random = chance(7);
    for (let round = 0; round < 100; round++) {
      const found = changes([head, ...random.shuffled(rows)].join('\n'), {
        places: random.shuffled(PLACES),
        lines: random.shuffled(lines),
      });
      expect(unnumbered(found)).toEqual(unnumbered(wanted));
    }
  });
});
