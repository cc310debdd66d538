/** Sealed editions of the monthly report. */

/** `GET /v1/monthly-reports`. Files under `/v1/monthly-reports/YYYY-MM/EDITION/report.FORMAT`. */
export interface EditionRow {
  month: string;
  edition: number;
  sealedAt: string;
  sha256: string;
  /** As the files' names end: `html`, `json`, `csv`, `filings.csv`. */
  formats: string[];
}
