/**
 * Tokens of the JSON our own probes write, read straight from its bytes: no white space, no escapes. Every
 * function gets the place a token should begin at and gives the place behind it, or `NO` where it is not
 * there; a place of `NO` stays `NO`, so that steps can follow each other unasked. Pure, but for `read`.
 */

export const NO = -1;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
const MINUS = 0x2d;
export const DOT = 0x2e;
const SLASH = 0x2f;
export const ZERO = 0x30;
const NINE = 0x39;
export const CLOSE = 0x5d;
export const BRACE = 0x7d;

/** Which bytes a name may hold, and which it may begin with (`nameSchema`). */
const IN_NAME = table('abcdefghijklmnopqrstuvwxyz0123456789-');
const NAME_BEGINS = table('abcdefghijklmnopqrstuvwxyz0123456789');

export const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** The number or whole number last read. */
export let read = 0;

/** The place behind `wanted`, when it stands at `at`; a place of NO stays NO. */
export function literal(b: Uint8Array, at: number, wanted: Uint8Array): number {
  if (at < 0) return NO;
  for (let index = 0; index < wanted.length; index++)
    if (b[at + index] !== wanted[index]) return NO;
  return at + wanted.length;
}

/** As `literal`, sooner for what is long and likely. */
export function stands(wanted: Uint8Array, b: Buffer, at: number): boolean {
  const end = at + wanted.length;
  return end <= b.length && b.compare(wanted, 0, wanted.length, at, end) === 0;
}

/** The place of the quote that ends a name (`nameSchema`). */
export function nameEnd(b: Uint8Array, at: number): number {
  if (at < 0 || NAME_BEGINS[b[at] as number] !== 1) return NO;
  let end = at + 1;
  while (IN_NAME[b[end] as number] === 1) end++;
  return b[end] === QUOTE && end - at <= 63 ? end : NO;
}

/** The place of the quote that ends a method, `name/version`. */
export function methodNameEnd(b: Uint8Array, at: number): number {
  if (at < 0) return NO;
  let end = at;
  while (IN_NAME[b[end] as number] === 1) end++;
  if (b[end] !== SLASH || end === at || end - at > 62) return NO;
  const version = ++end;
  while (isDigit(b[end] as number)) end++;
  return b[end] === QUOTE && end > version && end - version <= 4 ? end : NO;
}

/** The place of the quote that ends a text of printable ASCII without escapes, at least one long. */
export function plainEnd(b: Uint8Array, at: number, most: number): number {
  if (at < 0) return NO;
  let end = at;
  for (let byte = b[end] as number; byte !== QUOTE; byte = b[++end] as number)
    if (!(byte >= 0x20 && byte < 0x7f && byte !== 0x5c)) return NO;
  return end > at && end - at <= most ? end : NO;
}

/** Reads digits without sign, at most 15: exact. */
export function wholeNumber(b: Uint8Array, at: number): number {
  let end = at;
  let value = 0;
  for (let byte = b[end] as number; isDigit(byte); byte = b[++end] as number)
    value = value * 10 + byte - ZERO;
  if (end === at || end - at > 15 || (b[at] === ZERO && end - at > 1)) return NO;
  read = value;
  return end;
}

/**
 * Reads a JSON number without exponent, to the same double as JSON.parse: with at most 15 digits
 * both mantissa and power of ten are exact, so one division rounds correctly (Clinger 1990).
 */
export function number(b: Uint8Array, at: number): number {
  if (at < 0) return NO;
  let end = at;
  const negative = b[end] === MINUS;
  if (negative) end++;
  const whole = end;
  let mantissa = 0;
  for (let byte = b[end] as number; isDigit(byte); byte = b[++end] as number)
    mantissa = mantissa * 10 + byte - ZERO;
  let digits = end - whole;
  if (digits === 0 || (digits > 1 && b[whole] === ZERO)) return NO;
  let decimals = 0;
  if (b[end] === DOT) {
    const point = ++end;
    for (let byte = b[end] as number; isDigit(byte); byte = b[++end] as number)
      mantissa = mantissa * 10 + byte - ZERO;
    decimals = end - point;
    if (decimals === 0) return NO;
    digits += decimals;
  }
  // An exponent: 0x45 E, 0x65 e.
  if (((b[end] as number) | 0x20) === 0x65) return NO;
  if (digits > 15) read = Number(latin1(b, at, end));
  else {
    const value = decimals === 0 ? mantissa : mantissa / (POWERS[decimals] as number);
    read = negative ? -value : value;
  }
  return end;
}

const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Two digits as a number, NaN or more than 99 where there are none. */
export function two(b: Uint8Array, at: number): number {
  const [tens, ones] = [b[at] as number, b[at + 1] as number];
  return isDigit(tens) && isDigit(ones) ? (tens - ZERO) * 10 + ones - ZERO : Number.NaN;
}

export function latin1(b: Uint8Array, from: number, to: number): string {
  return Buffer.from(b.buffer, b.byteOffset + from, to - from).toString('latin1');
}

function table(characters: string): Uint8Array {
  const found = new Uint8Array(256);
  for (const character of characters) found[character.charCodeAt(0)] = 1;
  return found;
}
