/** Where among the measurements a page begins: behind a row, in the order in which rows came in. Pure. */
import type { QueryRow } from '../sql/questions.ts';

/** The row after which a page begins. */
export interface MeasurementCursor {
  readonly afterReceived: string;
  readonly afterProbe: string;
  readonly afterSequence: number;
}

type Key = Pick<QueryRow<'measurement_page_desc'>, 'received' | 'probe' | 'sequence'>;

/** Before every row, and behind every row: where the first page begins. */
export const ENDS: Readonly<Record<'asc' | 'desc', MeasurementCursor>> = {
  asc: { afterReceived: '1970-01-01T00:00:00.000000Z', afterProbe: '', afterSequence: 0 },
  desc: { afterReceived: '2200-01-01T00:00:00.000000Z', afterProbe: '', afterSequence: 0 },
};

/** As the API writes it. */
export function cursorText({ received, probe, sequence }: Key): string {
  return Buffer.from(JSON.stringify([received, probe, sequence])).toString('base64url');
}

/** @returns null for a text that is none of `cursorText` */
export function readCursor(text: string): MeasurementCursor | null {
  try {
    const [afterReceived, afterProbe, afterSequence] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    );
    const known =
      /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(afterReceived) &&
      typeof afterProbe === 'string' &&
      Number.isSafeInteger(afterSequence);
    return known ? { afterReceived, afterProbe, afterSequence } : null;
  } catch {
    return null;
  }
}

/** The address of one row by itself. */
export function measurementAt(row: Key): string {
  const { probe, sequence } = row;
  const before = sequence > 0 ? { ...row, sequence: sequence - 1 } : { ...row, probe: '' };
  return `/v1/measurements?probe=${probe}&order=asc&limit=1&cursor=${cursorText(before)}`;
}
