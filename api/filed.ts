/** What a version of a filing states, row by row. A version never changes, so it is read once. */
import type { QueryRow } from '../sql/questions.ts';
import type { EvidenceReader } from './evidence.ts';

/** Which version: what tells its rows from all others. */
export interface FiledVersionKey {
  readonly month: string;
  readonly carrier: string;
  readonly import: string;
}

/** In the order of codes. */
export function filedPlaces(
  reader: EvidenceReader,
  { month, carrier, import: version }: FiledVersionKey,
): Promise<QueryRow<'filing_places'>[]> {
  return reader.lasting(`filed places ${month} ${carrier} ${version}`, () =>
    reader.store.query('filing_places', { month, carrier, import: version }),
  );
}

/** In the order of codes. */
export function filedAreas(
  reader: EvidenceReader,
  { month, carrier, import: version }: FiledVersionKey,
): Promise<QueryRow<'filing_areas'>[]> {
  return reader.lasting(`filed areas ${month} ${carrier} ${version}`, () =>
    reader.store.query('filing_areas', { month, carrier, import: version }),
  );
}
