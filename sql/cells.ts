/**
 * Rows on their way to the store, as numbers: a row is a run of cells, one a column. A whole number
 * is its own cell and NaN is NULL; a text is the place of its one copy among the texts; a list of
 * floats is its place in a pool; of a number beyond 2^53 the digits are a text, whose place is said
 * below zero. Small, quick to write and to sort, and taken back by forgetting it.
 */
import type { Columns } from './column-types.ts';
import { addressBytes, mismatch, numeric, text, unsigned64, wholeNumberOf } from './values.ts';

/** Texts, each kept once; what many columns and rows have in common is shared. */
export class Texts {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();
  /** About what they hold in memory. */
  sizeB = 0;

  placeOf(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.all.push(text) - 1;
      this.#places.set(text, place);
      this.sizeB += 2 * text.length + 64;
    }
    return place;
  }
}

/** A cache line holds so many cells. */
const LINE = 8;

/** Rows that grow at the end. Column after column, so that a column is read in one go. */
export class Rows {
  readonly texts: Texts;
  /** Columns whose cells a row has; the table's columns behind them are those of `tail`. */
  readonly width: number;
  /** What all rows have in common. */
  readonly tail: Float64Array;
  /** That of `row` and `column` is at `column * capacity + row`. */
  cells: Float64Array;
  capacity: number;
  count = 0;
  /** Lists one after another, each with its length before it. */
  floats: Float32Array = NO_FLOATS;
  floatsEnd = 0;
  readonly #listColumn: number;

  constructor(columns: Columns, texts: Texts, tail = NO_CELLS, capacity = 2 * LINE) {
    const types = Object.values(columns);
    this.texts = texts;
    this.width = types.length - tail.length;
    this.tail = tail;
    this.capacity = oddLines(capacity);
    this.cells = new Float64Array(this.capacity * this.width);
    this.#listColumn = types.indexOf('Array(Float32)');
  }

  /** Makes room for one row more. The row is there when `count` says so. */
  room(): void {
    if (this.count < this.capacity) return;
    const capacity = oddLines(this.capacity * 2);
    const cells = new Float64Array(capacity * this.width);
    for (let column = 0; column < this.width; column++)
      cells.set(
        this.cells.subarray(column * this.capacity, (column + 1) * this.capacity),
        column * capacity,
      );
    this.cells = cells;
    this.capacity = capacity;
  }

  append(cells: Float64Array): void {
    this.room();
    for (let column = 0; column < this.width; column++)
      this.cells[column * this.capacity + this.count] = cells[column] as number;
    this.count++;
  }

  /** Makes room for a list of floats; where its length goes. */
  roomForList(length: number): number {
    const end = this.floatsEnd + 1 + length;
    if (end > this.floats.length) {
      const larger = new Float32Array(Math.max(this.floats.length * 2, end, 64));
      larger.set(this.floats);
      this.floats = larger;
    }
    return this.floatsEnd;
  }

  get sizeB(): number {
    return this.cells.byteLength + this.floats.byteLength;
  }

  areSame(row: number, other: number): boolean {
    for (let column = 0; column < this.width; column++) {
      const one = this.cells[column * this.capacity + row] as number;
      const two = this.cells[column * this.capacity + other] as number;
      if (column === this.#listColumn ? !this.#sameList(one, two) : !isSame(one, two)) return false;
    }
    return true;
  }

  #sameList(one: number, other: number): boolean {
    const length = this.floats[one] as number;
    for (let index = 0; index <= length; index++)
      if (!isSame(this.floats[one + index] as number, this.floats[other + index] as number))
        return false;
    return true;
  }
}

const NO_CELLS = new Float64Array(0);
const NO_FLOATS = new Float32Array(0);

/** Columns an even number of cache lines apart would share a few places of the cache. */
function oddLines(capacity: number): number {
  return (Math.ceil(capacity / LINE) | 1) * LINE;
}

function isSame(one: number, other: number): boolean {
  return one === other || (Number.isNaN(one) && Number.isNaN(other));
}

/** How the cells of a column are to be read. */
export type CellKind =
  | { readonly kind: 'number'; readonly sizeB: 1 | 2 | 4 | 8; readonly nullable: boolean }
  /** UInt64. */
  | { readonly kind: 'wide' }
  /** Latin-1 of the bytes themselves. */
  | { readonly kind: 'address' }
  | { readonly kind: 'text'; readonly shared: boolean }
  /** Texts, each ended by a NUL. */
  | { readonly kind: 'texts' }
  | { readonly kind: 'floats' };

export interface CellColumn {
  readonly cell: CellKind;
  /** @throws TypeError for a value that is none of the column's type */
  of(value: unknown, rows: Rows): number;
}

const known = new Map<string, CellColumn>();

/** @throws TypeError for a type that has no cells */
export function cellColumnOf(type: string): CellColumn {
  let column = known.get(type);
  if (!column) {
    column = makeColumn(type);
    known.set(type, column);
  }
  return column;
}

function makeColumn(type: string): CellColumn {
  switch (type) {
    case 'String':
    case 'LowCardinality(String)':
      return {
        cell: { kind: 'text', shared: type !== 'String' },
        of: (value, { texts }) => texts.placeOf(text(value)),
      };
    case 'UInt64': {
      const { of } = wholeNumberOf(type);
      return {
        cell: { kind: 'wide' },
        of: (value, { texts }) =>
          typeof value === 'bigint' ? -1 - texts.placeOf(String(unsigned64(value))) : of(value),
      };
    }
    case 'IPv6':
      return {
        cell: { kind: 'address' },
        of: (value, { texts }) => texts.placeOf(addressText(text(value))),
      };
    case 'Array(LowCardinality(String))':
      return {
        cell: { kind: 'texts' },
        of: (value, { texts }) =>
          texts.placeOf(list(value).reduce<string>((all, one) => `${all}${ended(one)}`, '')),
      };
    case 'Array(Float32)':
      return {
        cell: { kind: 'floats' },
        of: (value, rows) => {
          const at = rows.roomForList(list(value).length);
          rows.floats.set([list(value).length, ...list(value).map(numeric)], at);
          rows.floatsEnd = at + 1 + list(value).length;
          return at;
        },
      };
  }
  const inner = /^Nullable\((.*)\)$/s.exec(type)?.[1];
  const { sizeB, of } = wholeNumberOf(inner ?? type);
  return {
    cell: { kind: 'number', sizeB, nullable: inner !== undefined },
    of: (value) => (value === null && inner !== undefined ? Number.NaN : of(value)),
  };
}

/** An address as its cell's text: its 16 bytes, so that two ways to write it are one. */
export function addressText(address: string): string {
  return Buffer.from(addressBytes(address)).toString('latin1');
}

/** A text as part of a list. */
export function ended(value: unknown): string {
  if (text(value).includes('\0')) throw mismatch('a text without NUL', value);
  return `${value}\0`;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch('a list', value);
  return value;
}

/**
 * The cells of values, in the order of `columns`.
 *
 * @param rows whose texts and lists they go to
 * @throws TypeError naming the column: a value of the wrong type, or none at all
 */
export function cellsOf(columns: Columns, row: object, rows: Rows): Float64Array<ArrayBuffer> {
  const values = row as Readonly<Record<string, unknown>>;
  return Float64Array.from(Object.entries(columns), ([name, type]) => {
    try {
      return cellColumnOf(type).of(values[name], rows);
    } catch (cause) {
      throw new TypeError(`${name}: ${(cause as Error).message}`, { cause });
    }
  });
}
