/**
 * Where an admitted measurement goes: rows of one day, written as RowBinary in the order of
 * `tables.measurement` and `tables.sample`, each day an insert of its own because each is a partition.
 */
import { encodeRows } from '../sql/row-binary.ts';
import { tables } from '../sql/rows.ts';
import type { MeasurementInsert, SampleInsert } from './admission.ts';
import type { Binding } from './binding.ts';
import { RowBuffer } from './row-buffer.ts';

/** Columns the station sets, at the end of every row of one report and day. */
const STATION_COLUMNS = ['source', 'line', 'place', 'carrier', 'precedence'] as const;
type StationColumns = Pick<MeasurementInsert, (typeof STATION_COLUMNS)[number]>;

/** The rows of one day (Asia/Shanghai) of one report. */
export interface DayRows {
  /** Days since 1970-01-01, Asia/Shanghai. */
  readonly day: number;
  /** The end of every row: what the station alone sets. null where the probe had no line that day. */
  readonly tail: Uint8Array | null;
  readonly rows: RowBuffer;
  readonly samples: RowBuffer;
}

const DAY_MS = 86_400_000;
const SHANGHAI_MS = 8 * 3_600_000;

export function dayNumber(startMs: number): number {
  return Math.floor((startMs + SHANGHAI_MS) / DAY_MS);
}

/** An instant of that day, for whoever asks by date. */
export function instantOf(day: number): Date {
  return new Date(day * DAY_MS - SHANGHAI_MS);
}

export function openDay(
  day: number,
  binding: Binding | null,
  station: Pick<StationColumns, 'source' | 'precedence'>,
): DayRows {
  return {
    day,
    tail: binding ? tailOf({ ...station, ...binding }) : null,
    rows: new RowBuffer(),
    samples: new RowBuffer(64),
  };
}

function tailOf(station: StationColumns): Uint8Array {
  const columns = Object.fromEntries(
    STATION_COLUMNS.map((column) => [column, tables.measurement[column]]),
  );
  return encodeRows(columns, [station]);
}

/**
 * Appends a row that was judged as an object.
 *
 * @throws TypeError naming the column that cannot hold its value
 */
export function appendRow(day: DayRows, row: MeasurementInsert, sample: SampleInsert | null): void {
  const encoded = encodeRows(tables.measurement, [row]);
  if (sample) day.samples.append(encodeRows(tables.sample, [sample]));
  day.rows.append(encoded);
}
