/** What a format is: it draws the monthly report's document and adds nothing to it. */
import type { Title } from '../contract/place.ts';
import type { MonthlyReport } from '../monthly.ts';

export interface Format {
  /** As in `report.<extension>`. */
  readonly extension: string;
  readonly contentType: string;
  /** @param sha256 of the document, printed where a reader can check it */
  draw(report: MonthlyReport, sha256: string): string;
}

/** The plan's carriers by code, as the document names them. */
export function carrierTitles({ targets }: MonthlyReport): ReadonlyMap<string, Title> {
  return new Map(
    targets.flatMap(({ carriers }) => carriers.map(({ code, title }) => [code, title] as const)),
  );
}
