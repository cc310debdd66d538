/** How a request that cannot be answered is answered. */

/** Every error (RFC 9457, `application/problem+json`). `code` is stable and untranslated. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  detailEn: string;
}
