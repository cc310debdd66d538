/**
 * Where an admitted measurement goes: the rows of one report and day, as cells in the order of
 * `tables.measurement` and `tables.sample`; each day is an insert of its own because each is a partition.
 */
import { cellsOf, Rows, type Texts } from '../sql/cells.ts';
import { tables } from '../sql/rows.ts';
import type { MeasurementInsert, SampleInsert } from './admission.ts';
import type { Binding } from './binding.ts';

/** Columns the station sets, at the end of every row and the same for one report and day. */
export const STATION_COLUMNS = ['source', 'line', 'place', 'carrier', 'precedence'] as const;
type StationColumns = Pick<MeasurementInsert, (typeof STATION_COLUMNS)[number]>;

const COLUMNS = Object.keys(tables.measurement);
const stationTypes = Object.fromEntries(
  STATION_COLUMNS.map((column) => [column, tables.measurement[column]]),
);

/** The rows of one day (Asia/Shanghai) of one report. */
export interface DayRows {
  /** Days since 1970-01-01, Asia/Shanghai. */
  readonly day: number;
  /** Whether the probe had a line that day; without one nothing is admitted. */
  readonly bound: boolean;
  /** Their tail is what the station sets. */
  readonly rows: Rows;
  readonly samples: Rows;
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

/**
 * @param texts of the whole report
 * @param expected how many rows may come
 */
export function openDay(
  day: number,
  binding: Binding | null,
  station: Pick<StationColumns, 'source' | 'precedence'>,
  texts: Texts,
  expected = 16,
): DayRows {
  const samples = new Rows(tables.sample, texts);
  const tail = binding
    ? cellsOf(stationTypes, { ...station, ...binding }, samples)
    : new Float64Array(STATION_COLUMNS.length);
  return {
    day,
    bound: binding !== null,
    rows: new Rows(tables.measurement, texts, tail, expected),
    samples,
  };
}

/**
 * Appends a row that was judged as an object.
 *
 * @throws TypeError naming the column that cannot hold its value
 */
export function appendRow(day: DayRows, row: MeasurementInsert, sample: SampleInsert | null): void {
  const { rows, samples } = day;
  const cells = cellsOf(tables.measurement, row, rows);
  const foreign = rows.tail.findIndex((cell, index) => cell !== cells[rows.width + index]);
  if (foreign >= 0) throw new TypeError(`${COLUMNS[rows.width + foreign]}: not that of the day`);
  const sampleCells = sample && cellsOf(tables.sample, sample, samples);
  rows.append(cells);
  if (sampleCells) samples.append(sampleCells);
}
