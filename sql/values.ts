/** Values as ClickHouse keeps them: whole numbers, addresses, and what is none. Pure. */

/** A type that ClickHouse keeps as a whole number. */
export interface WholeNumber {
  readonly sizeB: 1 | 2 | 4 | 8;
  /** @throws TypeError for a value that is none of the type */
  of(value: unknown): number;
}

/** @throws TypeError for a type that is kept otherwise */
export function wholeNumberOf(type: string): WholeNumber {
  const [, outer = type, inner = ''] = /^(\w+)\((.*)\)$/s.exec(type) ?? [];
  switch (outer) {
    case 'Bool':
      return { sizeB: 1, of: bool };
    case 'Enum8':
      return { sizeB: 1, of: enumeration(inner) };
    case 'Date':
      return { sizeB: 2, of: (value) => instant(`${text(value)}T00:00:00Z`) / 86_400_000 };
    case 'DateTime64':
      return { sizeB: 8, of: time(Number.parseInt(inner, 10)) };
  }
  const [, unsigned, bits] = /^(U?)Int(8|16|32|64)$/.exec(type) ?? [];
  if (!bits) throw new TypeError(`type ${type} cannot be written`);
  return {
    sizeB: (Number(bits) / 8) as WholeNumber['sizeB'],
    of: integer(unsigned === 'U', Number(bits)),
  };
}

function bool(value: unknown): number {
  if (typeof value !== 'boolean') throw mismatch('a Boolean', value);
  return value ? 1 : 0;
}

function enumeration(members: string): WholeNumber['of'] {
  const numbers = new Map<unknown, number>(
    [...members.matchAll(/'([^']*)' = (-?\d+)/g)].map(([, name, number]) => [name, Number(number)]),
  );
  return (value) => {
    const number = numbers.get(value);
    if (number === undefined) throw mismatch(`one of ${[...numbers.keys()].join(', ')}`, value);
    return number;
  };
}

/** RFC 3339 UTC in whole ticks of 10^-precision s; finer digits would be lost and are refused. */
function time(precision: number): WholeNumber['of'] {
  return (value) => {
    const [, seconds, fraction = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(text(value)) ?? [];
    if (!seconds || fraction.length > precision)
      throw mismatch(`a UTC time of ${precision} decimals`, value);
    const ticks = (instant(`${seconds}Z`) / 1000) * 10 ** precision;
    return ticks + Number(fraction.padEnd(precision, '0'));
  };
}

function integer(unsigned: boolean, bits: number): WholeNumber['of'] {
  const least = unsigned ? 0 : -(2 ** (bits - 1));
  const most = 2 ** (unsigned ? bits : bits - 1) - 1;
  return (value) => {
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
      throw mismatch(`a whole number of ${bits} bits${unsigned ? ' without sign' : ''}`, value);
    return value as number;
  };
}

/** Beyond 2^53 a number is not exact; a bigint is. */
export function unsigned64(value: bigint): bigint {
  if (value !== BigInt.asUintN(64, value))
    throw mismatch('a whole number of 64 bits without sign', String(value));
  return value;
}

function instant(rfc3339: string): number {
  const milliseconds = Date.parse(rfc3339);
  if (Number.isNaN(milliseconds)) throw mismatch('a date or time', rfc3339);
  return milliseconds;
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw mismatch('a text', value);
  return value;
}

export function numeric(value: unknown): number {
  if (typeof value !== 'number') throw mismatch('a number', value);
  return value;
}

export function mismatch(wanted: string, value: unknown): TypeError {
  return new TypeError(`wants ${wanted}, not ${JSON.stringify(value) ?? 'nothing'}`);
}

/** Addresses come again and again: each is read once, up to a bound. */
const addresses = new Map<string, Uint8Array>();

/** The 16 bytes of an IPv6 address (RFC 4291 §2.2), also one that ends in an IPv4 address. */
export function addressBytes(address: string): Uint8Array {
  let bytes = addresses.get(address);
  if (!bytes) {
    bytes = readAddress(address);
    if (addresses.size > 10_000) addresses.clear();
    addresses.set(address, bytes);
  }
  return bytes;
}

function readAddress(address: string): Uint8Array {
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
