/** Two versions of a carrier's filing side by side. */
import { type FiledCells, type SheetDiff, sheetDiff } from '../ingest/filing-diff.ts';
import { type CountingFiling, numberedVersions } from '../ingest/filing-store.ts';
import { Refusal } from '../ingest/refusal.ts';
import type { Store } from '../sql/store.ts';

export interface ComparisonQuestion {
  readonly carrier: string;
  readonly month: string;
  /** Numbers of versions; null: the latest, and the one before `to`. */
  readonly from: number | null;
  readonly to: number | null;
}

interface Comparison {
  readonly from: CountingFiling;
  readonly to: CountingFiling;
  readonly places: SheetDiff;
  readonly areas: SheetDiff;
}

/** @throws Refusal `version-unknown` (404) */
export async function compareVersions(
  store: Store,
  { carrier, month, from, to }: ComparisonQuestion,
): Promise<Comparison> {
  const versions = numberedVersions(await store.query('filing_versions', { month }), carrier);
  const numbered = (number: number) => {
    const found = versions[number - 1];
    if (found) return found;
    throw new Refusal(
      404,
      'version-unknown',
      `${carrier} 的 ${month} 填报没有第 ${number} 版,共 ${versions.length} 版`,
      `the filing of ${carrier} for ${month} has no version ${number}; there are ${versions.length}`,
    );
  };
  const newer = numbered(to ?? Math.max(versions.length, 1));
  const older = numbered(from ?? newer.version - 1);
  const [olderRows, newerRows] = await Promise.all([rowsOf(store, older), rowsOf(store, newer)]);
  return {
    from: older,
    to: newer,
    places: sheetDiff(olderRows.places, newerRows.places),
    areas: sheetDiff(olderRows.areas, newerRows.areas),
  };
}

async function rowsOf(store: Store, { month, carrier, import: version }: CountingFiling) {
  const key = { month, carrier, import: version };
  const [places, areas] = await Promise.all([
    store.query('filing_places', key),
    store.query('filing_areas', key),
  ]);
  return {
    places: places.map(({ place, row, ...cells }): FiledCells => ({ code: place, row, cells })),
    areas: areas.map(({ area, row, ...cells }): FiledCells => ({ code: area, row, cells })),
  };
}
