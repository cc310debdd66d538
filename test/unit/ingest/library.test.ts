/** The library as of a day: what is declared, and on which days it turns. */
import { describe, expect, it } from 'vitest';
import { dayAfter } from '../../../ingest/days.ts';
import { Library, type PrefixRow } from '../../../ingest/library.ts';
import { libraryFindings } from '../../../ingest/library-findings.ts';
import { chance } from '../../chance.ts';

function entry(prefix: string, holder: string, changes: Partial<PrefixRow> = {}): PrefixRow {
  return {
    ...{ prefix, holder, carrier: '', area: '32', purpose: 'access', partOf: '' },
    ...{ validFrom: '2020-01-01', validTo: '2149-06-06', source: 'test', import: 'one' },
    ...changes,
  };
}

describe('an overlap', () => {
  const OCTOBER = { first: '2026-10-01', last: '2026-10-31' };
  const wide = entry('58.240.0.0/15', '甲');
  const part = (partOf: string) => entry('58.240.16.0/24', '丙', { partOf });
  const overlapsOf = (...entries: PrefixRow[]) =>
    new Library(entries, [])
      .overlaps(OCTOBER, 9)
      .items.map(({ wider, narrower }) => `${wider.holder} ${narrower.holder}`);

  it('is declared by naming the wider entry', () => {
    expect(overlapsOf(wide, part(''))).toEqual(['甲 丙']);
    expect(overlapsOf(wide, part('58.240.0.0/15'))).toEqual([]);
  });

  it('is not declared by naming a prefix nobody registered', () => {
    expect(overlapsOf(wide, part('58.240.0.0/16'))).toEqual(['甲 丙']);
    expect(overlapsOf(wide, part('58.240.16.0/20'))).toEqual(['甲 丙']);
  });

  it('is declared by naming an entry between the two, on days all of them are valid', () => {
    const between = (changes: Partial<PrefixRow>) => entry('58.240.16.0/20', '甲', changes);
    const named = part('58.240.16.0/20');
    expect(overlapsOf(wide, between({}), named)).toEqual([]);
    expect(overlapsOf(wide, between({ validTo: '2019-12-31' }), named)).toEqual(['甲 丙']);
    expect(overlapsOf(wide, between({ validTo: '2020-01-01' }), named)).toEqual([]);
    expect(
      overlapsOf({ ...wide, validFrom: '2020-01-02' }, between({ validTo: '2020-01-01' }), named),
    ).toEqual(['甲 丙']);
  });
});

describe.each([1, 2, 3, 4])('with seed %i', (seed) => {
  const random = chance(seed);
  const day = (at: number) => new Date(Date.UTC(2026, 9, 1 + at)).toISOString().slice(0, 10);

  it('the states of days are those on which an entry began or ended since the one before', () => {
    for (let turn = 0; turn < 50; turn++) {
      const entries = Array.from({ length: random.below(6) }, (_, at) => {
        const [from, to] = [random.below(40), random.below(40)].sort((a, b) => a - b) as [
          number,
          number,
        ];
        return entry(`58.${at}.0.0/16`, '甲', { validFrom: day(from), validTo: day(to) });
      });
      const library = new Library(entries, []);
      const days = Array.from({ length: 31 }, (_, at) => day(at)).filter(() => random.coin(0.6));
      const turns = entries.flatMap(({ validFrom, validTo }) => [validFrom, dayAfter(validTo)]);
      const scanned = days.filter((one, at) => {
        const before = days[at - 1];
        return before === undefined || turns.some((turn) => before < turn && turn <= one);
      });
      expect(library.statesOf(days)).toEqual(scanned);
    }
    expect(new Library([], []).statesOf([])).toEqual([]);
  });
});

describe('the findings of many rows', () => {
  it('let others go first', async () => {
    const sources = Array.from({ length: 3_000 }, (_, at) => ({
      ...{ line: 'l1', place: '32', carrier: 'telecom', days: ['2026-10-01'] },
      ...{ address: `::ffff:58.240.${at >> 8}.${at & 255}`, newest: '2026-10-02T00:00:00Z' },
    }));
    let turns = 0;
    let running = true;
    const beat = () => {
      turns++;
      if (running) setImmediate(beat);
    };
    setImmediate(beat);
    const { prefixCompleteness, uncovered } = await libraryFindings(
      new Library([], []),
      sources,
      [],
      2,
    );
    running = false;
    expect(turns).toBeGreaterThan(3);
    expect(prefixCompleteness).toMatchObject({ passed: 0, observed: 3_000 });
    expect(uncovered).toMatchObject({ count: 3_000, items: [{ address: '58.240.0.0' }, {}] });
  });
});
