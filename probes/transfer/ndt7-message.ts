/**
 * What both ends of ndt7 agree on (M-Lab's ndt7 protocol, version 0.11): a WebSocket of one
 * subprotocol, binary messages that are payload and textual ones that are measurements.
 */
import { z } from 'zod';

export const NDT7_PROTOCOL = 'net.measurementlab.ndt.v7';
export const NDT7_PATHS = { down: '/ndt/v7/download', up: '/ndt/v7/upload' } as const;
export type Direction = keyof typeof NDT7_PATHS;

/** No measurement comes sooner after another than this. */
export const MEASURE_MS = 250;
/** The largest message a receiver must take. */
export const MESSAGE_LIMIT_B = 1 << 24;
/** A message grows with the test, so that slow lines do not wait for one: at most 1/16 of what was sent. */
const FIRST_B = 1 << 13;
const LARGEST_B = 1 << 20;
const SHARE = 16;

/** Of what the other side counted, as far as it is used. */
export const ndt7MeasurementSchema = z.object({
  AppInfo: z.object({
    /** Microseconds since the test began. */
    ElapsedTime: z.number().nonnegative(),
    NumBytes: z.number().nonnegative(),
  }),
});
export type Ndt7Measurement = z.infer<typeof ndt7MeasurementSchema>;

/** @returns undefined for what is no such message, or says nothing of what was counted */
export function readMeasurement(text: string): Ndt7Measurement | undefined {
  try {
    return ndt7MeasurementSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The size of the next message, after one of `lastB` and `sentB` in all. */
export function nextMessageB(lastB: number | undefined, sentB: number): number {
  if (lastB === undefined) return FIRST_B;
  return lastB < LARGEST_B && lastB * SHARE <= sentB ? lastB * 2 : lastB;
}
