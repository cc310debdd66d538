/** Files brought into the library of addresses and names, whole or not at all. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LibraryReport } from '../../api/contract/library.ts';
import { loadLibrary } from '../../ingest/library.ts';
import { importPrefixes } from '../../ingest/library-prefixes.ts';
import { importServices } from '../../ingest/library-services.ts';
import { rawWorkbook, rowOf } from '../workbook.ts';
import {
  origin,
  PREFIX_HEAD,
  PREFIXES,
  SERVICES,
  startTestLibrary,
  type TestLibrary,
} from './library-fixture.ts';

let test: TestLibrary;
beforeAll(async () => {
  test = await startTestLibrary();
});
afterAll(() => test?.stop());

describe('before anything is brought in', () => {
  it('is silent about what it cannot know', async () => {
    const { figures } = await test.ask<LibraryReport>('/v1/library/findings?month=2026-09');
    for (const figure of Object.values(figures))
      expect(figure).toMatchObject({
        value: null,
        passed: 0,
        observed: 0,
        interval: null,
        asOf: null,
      });
    const october = await test.ask<LibraryReport>('/v1/library/findings?month=2026-10');
    expect(october.figures.prefixCompleteness).toMatchObject({ value: 0, passed: 0, observed: 12 });
    expect(october.figures.accuracy.value).toBeNull();
    expect(october.figures.egress.value).toBeNull();
  });
});

describe('an import', () => {
  it('with one bad row stores nothing, and neither does a dry run', async () => {
    const bad = `${PREFIXES}\n58.242.0.1/16,联通,unicom,32,access,,2020-01-01,,APNIC`;
    const refused = await importPrefixes(test.store, origin(bad), test.aRun());
    expect(refused).toMatchObject({ import: null, faultCount: 1 });
    expect(refused.faults).toMatchObject([{ line: 9, code: 'prefix-host-bits' }]);
    const dry = await importPrefixes(test.store, origin(PREFIXES), test.aRun(true));
    expect(dry).toMatchObject({ import: null, rows: 7, faultCount: 0 });
    expect((await loadLibrary(test.store)).prefixes).toEqual([]);
  });

  it('that broke off before its note counts for nothing', async () => {
    const stored = await test.store.read<{ rows: number }>(
      "SELECT toUInt32(count()) AS rows FROM library_prefix WHERE import = 'broken'",
    );
    expect(stored).toEqual([{ rows: 1 }]);
    expect((await loadLibrary(test.store)).prefixes).toEqual([]);
  });

  it('of a good file is all there', async () => {
    const prefixes = await importPrefixes(test.store, origin(PREFIXES), test.aRun());
    expect(prefixes).toMatchObject({ rows: 7, faultCount: 0, import: expect.any(String) });
    const services = await importServices(test.store, origin(SERVICES), test.aRun());
    expect(services).toMatchObject({ rows: 4, faultCount: 0, import: expect.any(String) });
    const loaded = await loadLibrary(test.store);
    expect([loaded.prefixes.length, loaded.services.length]).toEqual([7, 4]);
  });

  it('of the same bytes again is refused', async () => {
    const again = { code: 'already-imported' };
    await expect(importPrefixes(test.store, origin(PREFIXES), test.aRun())).rejects.toMatchObject(
      again,
    );
    await expect(importServices(test.store, origin(SERVICES), test.aRun())).rejects.toMatchObject(
      again,
    );
    expect((await loadLibrary(test.store)).prefixes).toHaveLength(7);
  });

  it('of a workbook says what the CSV does, and of its faults the same', async () => {
    const sheetOf = (csv: string, column: number) =>
      csv
        .split('\n')
        .map((line, nth) => {
          const cells: (string | Date)[] = line.split(',');
          // A day as spreadsheets keep it: a number that looks like one.
          if (nth > 0) cells[column] = new Date(`${cells[column]}T00:00:00Z`);
          return rowOf(nth + 1, cells);
        })
        .join('');
    const bookOf = (csv: string, column: number) => ({
      ...origin(''),
      ...{ file: 'library.xlsx' },
      bytes: rawWorkbook({
        sheets: { 库: sheetOf(csv, column) },
        formats: ['yyyy-mm-dd'],
      }),
    });
    for (const [bring, csv, column] of [
      [importPrefixes, PREFIXES, PREFIX_HEAD.split(',').indexOf('validFrom')],
      [importServices, SERVICES, (SERVICES.split('\n')[0] ?? '').split(',').indexOf('validFrom')],
    ] as const) {
      const fromCsv = await bring(test.store, origin(`${csv}\n\n`), test.aRun(true));
      expect(await bring(test.store, bookOf(csv, column), test.aRun(true))).toEqual(fromCsv);
      const bad = csv.replace(',32,', ',39,');
      expect(await bring(test.store, bookOf(bad, column), test.aRun(true))).toMatchObject({
        ...{ import: null, faultCount: 1 },
        faults: [{ line: expect.any(Number), code: 'area-unknown', text: '39' }],
      });
    }
    await expect(
      importServices(
        test.store,
        { ...origin('PK\u0003\u0004 nothing'), file: 'none.xlsx' },
        test.aRun(true),
      ),
    ).rejects.toMatchObject({ code: 'workbook-damaged' });
  });

  it('warns of carriers the plan does not have and of lines the register does not', async () => {
    const { warnings, warningCount } = await importPrefixes(
      test.store,
      origin(`${PREFIXES}\n`),
      test.aRun(true),
    );
    expect(warnings).toMatchObject([
      { line: 6, column: 'carrier', code: 'carrier-not-in-plan', text: 'mobile' },
    ]);
    expect(warningCount).toBe(1);
    const services = await importServices(test.store, origin(`${SERVICES}\n`), test.aRun(true));
    expect(services).toMatchObject({
      warnings: [{ line: 3, column: 'lines', code: 'line-unknown', text: 'gov-2' }],
      warningCount: 1,
    });
  });
});
