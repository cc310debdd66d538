/** What a format is: it draws the monthly report's document and adds nothing to it. */
import type { MonthlyReport } from '../monthly.ts';

export interface Format {
  /** As in `report.<extension>`. */
  readonly extension: string;
  readonly contentType: string;
  /** @param sha256 of the document, printed where a reader can check it */
  draw(report: MonthlyReport, sha256: string): string;
}
