/** Monthly reports. */

/** `GET /v1/monthly-reports`. Files under `/v1/monthly-reports/YYYY-MM/EDITION/report.{html,json,csv}`. */
export interface EditionRow {
  month: string;
  edition: number;
  sealedAt: string;
  sha256: string;
  formats: string[];
}
