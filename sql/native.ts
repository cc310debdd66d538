/**
 * Rows as ClickHouse's Native: column after column, as the engine itself holds them, so that it has
 * nothing to parse. Pure.
 *
 * @see https://clickhouse.com/docs/interfaces/formats/Native
 */
import { type CellKind, cellColumnOf, type Rows } from './cells.ts';
import type { Columns } from './column-types.ts';

/** Rows ready to be sent. */
export interface Encoded {
  readonly format: 'RowBinary' | 'Native';
  /** What they say, in order. */
  readonly columns: readonly string[];
  /** One after another. */
  readonly pieces: readonly Uint8Array[];
}

/** Some rows, in the order they are to stand. */
export interface Segment {
  readonly rows: Rows;
  readonly order: Uint32Array;
}

/**
 * One block of all segments, one after another. A nullable column in which all is NULL is left out,
 * which says the same.
 *
 * @throws TypeError for a column whose type has no cells
 */
export function encodeBlock(columns: Columns, segments: readonly Segment[]): Encoded {
  const count = segments.reduce((sum, { order }) => sum + order.length, 0);
  const cells = new Float64Array(count);
  const names: string[] = [];
  const pieces: Uint8Array[] = [];
  Object.entries(columns).forEach(([name, type], index) => {
    const { cell } = cellColumnOf(type);
    gather(segments, index, cells);
    if (cell.kind === 'number' && cell.nullable && cells.every(Number.isNaN)) return;
    names.push(name);
    pieces.push(sized(name), sized(cell.kind === 'texts' ? 'Array(String)' : type));
    pieces.push(...columnOf(cell, cells, segments));
  });
  pieces.unshift(Buffer.concat([varint(names.length), varint(count)]));
  return { format: 'Native', columns: names, pieces: joined(pieces) };
}

/** Small pieces are put together: each is a write of its own. */
const PIECE_B = 16 * 1024;

function joined(pieces: readonly Uint8Array[]): Uint8Array[] {
  const all: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  let smallB = 0;
  const flush = () => {
    if (smallB > 0) all.push(Buffer.concat(small));
    small = [];
    smallB = 0;
  };
  for (const piece of pieces) {
    if (piece.length >= PIECE_B || smallB >= PIECE_B) flush();
    if (piece.length >= PIECE_B) all.push(piece);
    else {
      small.push(piece);
      smallB += piece.length;
    }
  }
  flush();
  return all;
}

/** The cells of one column. */
function gather(segments: readonly Segment[], column: number, into: Float64Array): void {
  let end = 0;
  for (const { rows, order } of segments) {
    const { cells, width, tail, capacity } = rows;
    if (column >= width) {
      into.fill(tail[column - width] as number, end, end + order.length);
      end += order.length;
      continue;
    }
    const first = column * capacity;
    for (let index = 0; index < order.length; index++)
      into[end++] = cells[first + (order[index] as number)] as number;
  }
}

function columnOf(cell: CellKind, cells: Float64Array, segments: readonly Segment[]): Uint8Array[] {
  switch (cell.kind) {
    case 'number':
      return cell.nullable
        ? [absences(cells), wholeNumbers(cells, cell.sizeB)]
        : [wholeNumbers(cells, cell.sizeB)];
    case 'wide':
      return [wideNumbers(cells, segments)];
    case 'address': {
      const { values, places } = distinct(cells, segments);
      return [fixed(values, places, 16)];
    }
    case 'text': {
      const { values, places } = distinct(cells, segments);
      return cell.shared ? lowCardinality(values, places) : [strings(values.map(sized), places)];
    }
    case 'texts': {
      const { values, places } = distinct(cells, segments);
      return lists(
        values.map((value) => value.split('\0').slice(0, -1)),
        places,
      );
    }
    case 'floats':
      return floats(cells, segments);
  }
}

function absences(cells: Float64Array): Uint8Array {
  const absent = new Uint8Array(cells.length);
  for (let index = 0; index < cells.length; index++)
    absent[index] = Number.isNaN(cells[index]) ? 1 : 0;
  return absent;
}

/** Two's complement, little-endian; NaN is 0. */
function wholeNumbers(cells: Float64Array, sizeB: 1 | 2 | 4 | 8): Uint8Array {
  switch (sizeB) {
    case 1:
      return Uint8Array.from(cells);
    case 2:
      return bytesOf(Uint16Array.from(cells));
    case 4:
      return bytesOf(Uint32Array.from(cells));
  }
  const halves = new Int32Array(cells.length * 2);
  for (let index = 0; index < cells.length; index++) {
    const value = cells[index] as number;
    // `| 0` keeps the lower 32 bits of any safe integer; it makes nothing of NaN.
    halves[index * 2] = value | 0;
    halves[index * 2 + 1] = Math.floor(value / 2 ** 32);
  }
  return bytesOf(halves);
}

function wideNumbers(cells: Float64Array, segments: readonly Segment[]): Uint8Array {
  const bytes = wholeNumbers(cells, 8);
  const wide = new BigUint64Array(bytes.buffer, bytes.byteOffset, cells.length);
  let at = 0;
  for (const { rows, order } of segments) {
    // All rows of a report have the same.
    let cell = 0;
    let value = 0n;
    for (const end = at + order.length; at < end; at++) {
      const here = cells[at] as number;
      if (here >= 0) continue;
      if (here !== cell) value = BigInt(rows.texts.all[-1 - here] as string);
      cell = here;
      wide[at] = value;
    }
  }
  return bytes;
}

/** Each text once, and which of them every row has: texts of several reports become those of one block. */
function distinct(cells: Float64Array, segments: readonly Segment[]) {
  const values: string[] = [];
  const known = new Map<string, number>();
  const places = new Uint32Array(cells.length);
  let here: Int32Array = new Int32Array(0);
  let texts: Rows['texts'] | null = null;
  let at = 0;
  for (const { rows, order } of segments) {
    if (rows.texts !== texts) {
      texts = rows.texts;
      if (here.length < texts.all.length) here = new Int32Array(texts.all.length * 2);
      here.fill(-1, 0, texts.all.length);
    }
    for (const end = at + order.length; at < end; at++) {
      const place = cells[at] as number;
      let found = here[place] as number;
      if (found < 0) {
        const value = texts.all[place] as string;
        found = known.get(value) ?? values.push(value) - 1;
        known.set(value, found);
        here[place] = found;
      }
      places[at] = found;
    }
  }
  return { values, places };
}

/** SharedDictionariesWithAdditionalKeys, the one version there is. */
const DICTIONARY_VERSION = bytesOf(BigUint64Array.of(1n));
/** The keys come with the block, and none were sent before. */
const HAS_ADDITIONAL_KEYS = 1n << 9n;

/** ClickHouse's SerializationLowCardinality: the version, the width of a place, keys, places. */
function lowCardinality(values: readonly string[], places: Uint32Array): Uint8Array[] {
  const width = values.length <= 0x100 ? 0 : values.length <= 0x1_0000 ? 1 : 2;
  return [
    DICTIONARY_VERSION,
    bytesOf(BigUint64Array.of(HAS_ADDITIONAL_KEYS | BigInt(width), BigInt(values.length))),
    ...values.map(sized),
    bytesOf(BigUint64Array.of(BigInt(places.length))),
    width === 0
      ? Uint8Array.from(places)
      : bytesOf(width === 1 ? Uint16Array.from(places) : places),
  ];
}

function fixed(values: readonly string[], places: Uint32Array, sizeB: number): Uint8Array {
  const bytes = Buffer.from(values.join(''), 'latin1');
  const all = new Uint8Array(places.length * sizeB);
  for (let index = 0, end = 0; index < places.length; index++)
    for (let from = (places[index] as number) * sizeB, step = 0; step < sizeB; step++)
      all[end++] = bytes[from + step] as number;
  return all;
}

function strings(values: readonly Uint8Array[], places: Uint32Array): Uint8Array {
  let sizeB = 0;
  for (const place of places) sizeB += (values[place] as Uint8Array).length;
  // Nearly every row has none, which is one zero byte.
  const all = new Uint8Array(sizeB);
  let end = 0;
  for (const place of places) {
    const value = values[place] as Uint8Array;
    if (value.length > 1) all.set(value, end);
    end += value.length;
  }
  return all;
}

function lists(values: readonly (readonly string[])[], places: Uint32Array): Uint8Array[] {
  const ends = new BigUint64Array(places.length);
  const encoded = values.map((texts) => Buffer.concat(texts.map(sized)));
  const all: Uint8Array[] = [];
  let end = 0;
  places.forEach((place, index) => {
    end += values[place]?.length ?? 0;
    ends[index] = BigInt(end);
    if (values[place]?.length) all.push(encoded[place] as Uint8Array);
  });
  return [bytesOf(ends), ...all];
}

function floats(cells: Float64Array, segments: readonly Segment[]): Uint8Array[] {
  const ends = new BigUint64Array(cells.length);
  let at = 0;
  let end = 0;
  for (const { rows, order } of segments)
    for (const last = at + order.length; at < last; at++) {
      end += rows.floats[cells[at] as number] as number;
      ends[at] = BigInt(end);
    }
  const all = new Float32Array(end);
  at = 0;
  end = 0;
  for (const { rows, order } of segments)
    for (const last = at + order.length; at < last; at++) {
      const from = (cells[at] as number) + 1;
      const length = rows.floats[from - 1] as number;
      for (let index = 0; index < length; index++) all[end++] = rows.floats[from + index] as number;
    }
  return [bytesOf(ends), bytesOf(all)];
}

/** UTF-8 with its length before it. */
function sized(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(bytes.length), bytes]);
}

/** Unsigned LEB128. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** As they lie in memory: little-endian on every machine Node runs on that ClickHouse runs on. */
function bytesOf(numbers: {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
