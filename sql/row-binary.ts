/**
 * Rows as ClickHouse's RowBinary: about twice as fast to write and to read as JSON. Pure.
 *
 * @see https://clickhouse.com/docs/interfaces/formats/RowBinary
 */

/** Writes one value of one type; throws a TypeError for a value that is none. */
type Write = (sink: Sink, value: unknown) => void;

/**
 * Encodes rows column by column, in the order of `columns` (name → ClickHouse type).
 *
 * @throws TypeError naming the column: a value of the wrong type, none at all, or a key too many
 */
export function encodeRows(
  columns: Readonly<Record<string, string>>,
  rows: readonly object[],
): Uint8Array {
  const names = Object.keys(columns);
  const writes = Object.values(columns).map(writerOf);
  const sink = new Sink(Math.min(rows.length * 512, 1 << 16));
  for (const row of rows) {
    const cells = row as Readonly<Record<string, unknown>>;
    let index = 0;
    try {
      for (const write of writes) write(sink, cells[names[index++] as string]);
    } catch (cause) {
      throw new TypeError(`${names[index - 1]}: ${(cause as Error).message}`, { cause });
    }
    const keys = Object.keys(row);
    if (keys.length !== names.length)
      throw new TypeError(
        `${keys.find((key) => !(key in columns))}: the table or the first row has no such column`,
      );
  }
  return sink.written();
}

const writers = new Map<string, Write>();

function writerOf(type: string): Write {
  let writer = writers.get(type);
  if (!writer) {
    writer = makeWriter(type);
    writers.set(type, writer);
  }
  return writer;
}

function makeWriter(type: string): Write {
  const [, outer = type, inner = ''] = /^(\w+)\((.*)\)$/s.exec(type) ?? [];
  switch (outer) {
    case 'LowCardinality':
      return writerOf(inner);
    case 'Nullable':
      return nullable(writerOf(inner));
    case 'Array':
      return array(writerOf(inner));
    case 'Enum8':
      return enumeration(inner);
    case 'FixedString':
      return fixedString(Number(inner));
    case 'DateTime64':
      return time(Number.parseInt(inner, 10));
    case 'String':
      return (sink, value) => {
        // Bytes stay what they are, also where they are no text.
        if (!(value instanceof Uint8Array)) return sink.string(text(value));
        sink.length(value.length);
        sink.bytes(value);
      };
    case 'Bool':
      return (sink, value) => {
        if (typeof value !== 'boolean') throw mismatch('a Boolean', value);
        sink.byte(value ? 1 : 0);
      };
    case 'Date':
      return (sink, value) => sink.integer(instant(`${text(value)}T00:00:00Z`) / 86_400_000, 2);
    case 'IPv6':
      return address();
    case 'Float32':
      return (sink, value) => sink.float32(numeric(value));
    case 'Float64':
      return (sink, value) => sink.float64(numeric(value));
  }
  const integer = /^(U?)Int(8|16|32|64)$/.exec(type);
  if (!integer) throw new TypeError(`type ${type} cannot be written`);
  return integerOf(integer[1] === 'U', Number(integer[2]));
}

function nullable(write: Write): Write {
  return (sink, value) => {
    sink.byte(value === null ? 1 : 0);
    if (value !== null) write(sink, value);
  };
}

function array(write: Write): Write {
  return (sink, value) => {
    if (!Array.isArray(value)) throw mismatch('a list', value);
    sink.length(value.length);
    for (const item of value) write(sink, item);
  };
}

function enumeration(members: string): Write {
  const numbers = new Map<unknown, number>(
    [...members.matchAll(/'([^']*)' = (-?\d+)/g)].map(([, name, number]) => [name, Number(number)]),
  );
  return (sink, value) => {
    const number = numbers.get(value);
    if (number === undefined) throw mismatch(`one of ${[...numbers.keys()].join(', ')}`, value);
    sink.integer(number, 1);
  };
}

function fixedString(length: number): Write {
  return (sink, value) => {
    const bytes = Buffer.from(text(value));
    if (bytes.length !== length) throw mismatch(`${length} bytes`, value);
    sink.bytes(bytes);
  };
}

/** RFC 3339 UTC in whole ticks of 10^-precision s; finer digits would be lost and are refused. */
function time(precision: number): Write {
  return (sink, value) => {
    const [, seconds, fraction = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(text(value)) ?? [];
    if (!seconds || fraction.length > precision)
      throw mismatch(`a UTC time of ${precision} decimals`, value);
    const ticks = (instant(`${seconds}Z`) / 1000) * 10 ** precision;
    sink.integer(ticks + Number(fraction.padEnd(precision, '0')), 8);
  };
}

/** Addresses come again and again: each is read once, up to a bound. */
function address(): Write {
  const known = new Map<string, Uint8Array>();
  return (sink, value) => {
    let bytes = known.get(text(value));
    if (!bytes) {
      bytes = addressBytes(text(value));
      if (known.size > 10_000) known.clear();
      known.set(text(value), bytes);
    }
    sink.bytes(bytes);
  };
}

function integerOf(unsigned: boolean, bits: number): Write {
  const least = unsigned ? 0 : -(2 ** (bits - 1));
  const most = 2 ** (unsigned ? bits : bits - 1) - 1;
  return (sink, value) => {
    // Beyond 2^53 a number is not exact; a bigint is.
    if (bits === 64 && unsigned && typeof value === 'bigint' && value === BigInt.asUintN(64, value))
      return sink.large(value);
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
      throw mismatch(`a whole number of ${bits} bits${unsigned ? ' without sign' : ''}`, value);
    sink.integer(value as number, bits / 8);
  };
}

function instant(rfc3339: string): number {
  const milliseconds = Date.parse(rfc3339);
  if (Number.isNaN(milliseconds)) throw mismatch('a date or time', rfc3339);
  return milliseconds;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw mismatch('a text', value);
  return value;
}

function numeric(value: unknown): number {
  if (typeof value !== 'number') throw mismatch('a number', value);
  return value;
}

function mismatch(wanted: string, value: unknown): TypeError {
  return new TypeError(`wants ${wanted}, not ${JSON.stringify(value) ?? 'nothing'}`);
}

/** The 16 bytes of an IPv6 address (RFC 4291 §2.2), also one that ends in an IPv4 address. */
function addressBytes(address: string): Uint8Array {
  const hex = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) => `${(a * 256 + +b).toString(16)}:${(c * 256 + +d).toString(16)}`,
  );
  const [head = '', tail, more] = hex.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...after];
  if (
    more !== undefined ||
    groups.length !== 8 ||
    !groups.every((group) => /^[\da-f]{1,4}$/i.test(group))
  )
    throw mismatch('an IPv6 address', address);
  const bytes = new Uint8Array(16);
  groups.forEach((group, index) => {
    const value = Number.parseInt(group, 16);
    bytes[index * 2] = value >> 8;
    bytes[index * 2 + 1] = value & 0xff;
  });
  return bytes;
}

/** A buffer that grows; little-endian, as ClickHouse's. */
class Sink {
  #buffer: Buffer;
  #end = 0;

  constructor(capacityB: number) {
    this.#buffer = Buffer.allocUnsafe(capacityB);
  }

  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#end);
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#end++] = value;
  }

  /** Two's complement of 1, 2, 4 or 8 bytes; exact for every safe integer. */
  integer(value: number, bytes: number): void {
    this.#room(bytes);
    if (bytes < 8) {
      for (let rest = value, index = 0; index < bytes; index++, rest >>= 8)
        this.#buffer[this.#end++] = rest;
      return;
    }
    const high = Math.floor(value / 2 ** 32);
    this.#end = this.#buffer.writeUInt32LE(value - high * 2 ** 32, this.#end);
    this.#end = this.#buffer.writeInt32LE(high, this.#end);
  }

  large(value: bigint): void {
    this.#room(8);
    this.#end = this.#buffer.writeBigUInt64LE(value, this.#end);
  }

  float32(value: number): void {
    this.#room(4);
    this.#end = this.#buffer.writeFloatLE(value, this.#end);
  }

  float64(value: number): void {
    this.#room(8);
    this.#end = this.#buffer.writeDoubleLE(value, this.#end);
  }

  /** Unsigned LEB128. */
  length(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 0x80);
    this.byte(rest);
  }

  string(value: string): void {
    if (value.length < 128 && this.#ascii(value)) return;
    const bytes = Buffer.byteLength(value);
    this.length(bytes);
    this.#room(bytes);
    this.#end += this.#buffer.write(value, this.#end);
  }

  /** Short names, nearly all there is, are written faster here than by a call into Node. */
  #ascii(value: string): boolean {
    this.#room(value.length + 1);
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      this.#buffer[this.#end + 1 + index] = code;
    }
    this.#buffer[this.#end] = value.length;
    this.#end += value.length + 1;
    return true;
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#end);
    this.#end += value.length;
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#end + bytes));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}
