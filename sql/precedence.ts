/**
 * Which of two copies of a measurement stays: the one of larger precedence. That is the one judged by
 * newer admission rules, else the one received first. `received` and `admission` are read back out of
 * it (`schema/010_measurement_received.sql`), so that the instant is stored once.
 */

const RECEIVED_BITS = 52n;
/** Microseconds since 1970, until the year 2112. */
const LATEST_US = 2n ** RECEIVED_BITS - 1n;

/**
 * @param received RFC 3339 UTC, to the microsecond
 * @param admission version of the rules that admitted the row, at most 4095
 */
export function precedenceOf(received: string, admission: number): bigint {
  const [, seconds, fraction = ''] = /^(.{19})(?:\.(\d{1,6}))?Z$/.exec(received) ?? [];
  const wholeMs = Date.parse(`${seconds}Z`);
  if (Number.isNaN(wholeMs)) throw new TypeError(`${received} is no UTC time to the microsecond`);
  const us = BigInt(wholeMs * 1000 + Number(fraction.padEnd(6, '0')));
  if (us < 0n || us > LATEST_US || admission < 0 || admission > 0xfff)
    throw new TypeError(`${received}, rules ${admission}: no precedence can hold them`);
  return (BigInt(admission) << RECEIVED_BITS) + LATEST_US - us;
}
