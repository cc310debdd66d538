/** Writes and keeps monthly reports: the one place where the document meets the store and the disk. */

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filingDue, filingStates } from '../ingest/filing-store.ts';
import { loadLibrary } from '../ingest/library.ts';
import { monthSpan, requireMonth } from '../ingest/month.ts';
import { Fault } from '../probes/fault.ts';
import { retiredDays } from '../sql/retention.ts';
import { canonicalJson, documentHash } from './canonical.ts';
import type { EditionRow } from './contract/edition.ts';
import { EvidenceReader } from './evidence.ts';
import { figuresOf } from './figures.ts';
import { FORMATS } from './formats/catalogue.ts';
import { spanParameters } from './judgement.ts';
import { libraryReport } from './library-report.ts';
import { asEdition, type MonthlyReport, monthlyReport, type SealedEdition } from './monthly.ts';

/** The month's document as the store has it now. */
async function draft({ plan, store, now }: EvidenceReader, month: string): Promise<MonthlyReport> {
  // What is sealed is read anew, and not from what readers of the page were told seconds ago.
  const reader = new EvidenceReader(store, plan, now);
  const register = await reader.register(month);
  const area = register.find(plan.area);
  if (!area) throw new Error(`the register lost ${plan.area}`);
  const [[counted], quarantined, versions] = await Promise.all([
    store.query('month_counts', spanParameters(month)),
    reader.quarantined(month),
    store.query('filing_versions', { month }),
  ]);
  const targets = await Promise.all(
    plan.targets.map(async (target) => ({
      target,
      indicator: reader.indicatorOf(target),
      figures: await figuresOf(reader, target, month),
    })),
  );
  const codes = plan.carriers.map(({ code }) => code);
  const due = filingDue(month, plan.filings.dueDay);
  const asIfDue = new Date(Math.max(due.getTime(), now().getTime()));
  return monthlyReport({
    month,
    plan,
    register,
    area,
    measurements: counted?.measurements ?? 0,
    quarantined,
    targets,
    filings: { due: due.toISOString(), items: filingStates(versions, codes, due, asIfDue) },
    // Its lists are long and are asked for elsewhere; the report has the figures.
    library: await libraryReport(reader, await loadLibrary(store), month, 0),
  });
}

/** The editions of the store, newest first. */
export async function editions(reader: EvidenceReader): Promise<EditionRow[]> {
  const rows = await reader.store.query('editions', {});
  return rows.map(({ month, edition, sealed, sha256 }) => ({
    month,
    edition,
    sealedAt: sealed,
    sha256,
    formats: FORMATS.map(({ extension }) => extension),
  }));
}

/** @returns null when there is no such edition */
export async function findEdition(
  reader: EvidenceReader,
  month: string,
  edition: number,
): Promise<SealedEdition | null> {
  const [row] = await reader.store.query('edition_document', { month, edition });
  return row ? { report: JSON.parse(row.document) as MonthlyReport, sha256: row.sha256 } : null;
}

export interface Written {
  readonly report: MonthlyReport;
  readonly sha256: string;
  /** Files written, one per format. */
  readonly files: string[];
  /** False when the newest edition already says the same. */
  readonly changed: boolean;
}

/**
 * Writes the monthly report: a month that has ended is sealed as an edition, a running one is
 * written as preliminary and not kept.
 *
 * @param directory files go to `directory/YYYY-MM/edition-N/` or `…/preliminary/`
 * @throws Fault `month-malformed`, `month-future`, `month-retired`
 */
export async function writeMonthlyReport(
  reader: EvidenceReader,
  month: string,
  directory: string,
): Promise<Written> {
  requireMonth(month);
  const { start, end } = monthSpan(month);
  if (start > reader.now())
    throw new Fault('month-future', `${month} 还没有开始`, `${month} has not begun`);
  const newest = (await editions(reader)).find((edition) => edition.month === month);
  const previous = newest ? await findEdition(reader, month, newest.edition) : null;
  // Of a month whose rows retention has trimmed, no edition can be drawn any more but those there are.
  const retired = [...(await retiredDays(reader.store))].some((day) => day.startsWith(month));
  if (retired && !previous)
    throw new Fault(
      'month-retired',
      `${month} 的原始记录已按留存规则整理,而没有已封存的月报:请从备份恢复后再封存`,
      `rows of ${month} were removed by retention and no edition of it is there: restore a backup from before, then seal it`,
    );
  const current = retired ? null : await draft(reader, month);
  if (current && end > reader.now())
    return {
      ...(await writeFiles(current, documentHash(current), join(directory, month, 'preliminary'))),
      changed: true,
    };

  const edition = current ? asEdition(current, previous) : null;
  if (!edition && previous)
    return {
      ...(await writeFiles(
        previous.report,
        previous.sha256,
        editionFolder(directory, previous.report),
      )),
      changed: false,
    };
  if (!edition) throw new Error('an edition without a predecessor is always new');
  const sha256 = documentHash(edition);
  await reader.store.insert('edition', [
    {
      month,
      edition: edition.edition,
      sealed: reader.now().toISOString(),
      sha256,
      document: canonicalJson(edition),
    },
  ]);
  return {
    ...(await writeFiles(edition, sha256, editionFolder(directory, edition))),
    changed: true,
  };
}

function editionFolder(directory: string, { month, edition }: MonthlyReport): string {
  return join(directory, month, `edition-${edition}`);
}

/** All formats or none: written aside, then moved into place. */
async function writeFiles(
  report: MonthlyReport,
  sha256: string,
  folder: string,
): Promise<Omit<Written, 'changed'>> {
  const aside = `${folder}.${process.pid}.partial`;
  await mkdir(aside, { recursive: true });
  for (const format of FORMATS)
    await writeFile(join(aside, `report.${format.extension}`), format.draw(report, sha256));
  await rm(folder, { recursive: true, force: true });
  await rename(aside, folder);
  return {
    report,
    sha256,
    files: FORMATS.map(({ extension }) => join(folder, `report.${extension}`)),
  };
}
