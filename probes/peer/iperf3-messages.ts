/**
 * What iperf3 (3.x) says on its control connection, as far as a TCP server needs it: single octets
 * of state, and JSON behind a length of four octets, big-endian. There is no specification; this was
 * read off the wire. Pure.
 */
import { z } from 'zod';

/** 36 characters and a zero, first thing on every connection of a test. */
export const COOKIE_B = 37;

/** Signed octets. */
export const STATE = {
  testStart: 1,
  testRunning: 2,
  testEnd: 4,
  paramExchange: 9,
  createStreams: 10,
  serverTerminate: 11,
  clientTerminate: 12,
  exchangeResults: 13,
  displayResults: 14,
  iperfDone: 16,
  accessDenied: -1,
  serverError: -2,
} as const;

/** iperf3's own numbers of what a server may refuse; the client prints them as sentences. */
export const REFUSAL = {
  duration: 5,
  streams: 6,
  unsupported: 13,
  parameters: 114,
} as const;

/** No parameters and no results are longer. */
export const JSON_LIMIT_B = 64 << 10;

const parametersSchema = z.object({
  tcp: z.boolean().optional(),
  /** Seconds at the start that are not counted. */
  omit: z.number().nonnegative().default(0),
  /** Seconds; 0 where the client ends by bytes. */
  time: z.number().nonnegative().default(0),
  parallel: z.int().min(1).default(1),
  reverse: z.boolean().default(false),
  bidirectional: z.boolean().default(false),
  /** Octets of one write. */
  len: z
    .int()
    .min(1)
    .max(1 << 20)
    .default(128 << 10),
  /** Bits a second of every stream, as the sender is to pace; 0 is as fast as it goes. */
  bandwidth: z.number().nonnegative().default(0),
});
export type IperfParameters = z.infer<typeof parametersSchema>;

export type ParametersRead =
  | { readonly kind: 'parameters'; readonly parameters: IperfParameters }
  | { readonly kind: 'refused'; readonly refusal: number };

/** What a client asks for, or why it is turned away. */
export function readParameters(
  text: string,
  limits: { readonly iperfS: number; readonly iperfStreams: number },
): ParametersRead {
  const { data } = parametersSchema.safeParse(parseJson(text));
  if (!data) return { kind: 'refused', refusal: REFUSAL.parameters };
  if (data.tcp !== true) return { kind: 'refused', refusal: REFUSAL.unsupported };
  if (data.parallel > limits.iperfStreams) return { kind: 'refused', refusal: REFUSAL.streams };
  if (data.omit + data.time > limits.iperfS) return { kind: 'refused', refusal: REFUSAL.duration };
  return { kind: 'parameters', parameters: data };
}

/** One stream's number: iperf3 counts 1, 3, 4, 5, …. */
export function streamId(index: number): number {
  return index === 0 ? 1 : index + 2;
}

export interface StreamCount {
  /** Of the time that counts. */
  readonly bytes: number;
  readonly seconds: number;
}

/** What the server counted, as the client wants it: streams in the order they were opened. */
export function resultsOf(
  streams: readonly StreamCount[],
  cpu: { readonly userRatio: number; readonly systemRatio: number },
): object {
  return {
    cpu_util_total: 100 * (cpu.userRatio + cpu.systemRatio),
    cpu_util_user: 100 * cpu.userRatio,
    cpu_util_system: 100 * cpu.systemRatio,
    // Retransmissions are not known here: no column of them, rather than a wrong one.
    sender_has_retransmits: 0,
    streams: streams.map(({ bytes, seconds }, index) => ({
      id: streamId(index),
      bytes,
      retransmits: -1,
      jitter: 0,
      errors: 0,
      packets: 0,
      start_time: 0,
      end_time: seconds,
    })),
  };
}

/** JSON as it travels. */
export function framed(body: object): Buffer {
  const json = Buffer.from(JSON.stringify(body));
  const frame = Buffer.alloc(4 + json.length);
  frame.writeUInt32BE(json.length, 0);
  json.copy(frame, 4);
  return frame;
}

/** The server's refusal: state, iperf3's number, the system's error number. */
export function refusalOf(refusal: number): Buffer {
  const message = Buffer.alloc(9);
  message.writeInt8(STATE.serverError, 0);
  message.writeInt32BE(refusal, 1);
  return message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
