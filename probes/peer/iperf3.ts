/**
 * An iperf3-compatible TCP server: what an engineer's `iperf3 -c peer` talks to, in both directions
 * (`-R`, `--bidir`), with any number of streams (`-P`), several tests at one time.
 *
 * A test is a control connection and its streams, which say the same cookie. The server's count is
 * of what the kernel took from it or gave to it. At the end of a test of so many bytes (`-n`) what
 * is still on its way is waited for; at the end of a test of so many seconds only what is here and
 * not yet read, since streams that end one after the other would make the rate low. The time counted
 * lasts until the last byte, but never ends before the client says so.
 *
 * Turned away: a test too many (the client prints that the server is busy), UDP, too many streams or
 * seconds (the client prints why). A test that goes on for too long or moves too much is ended.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import {
  COOKIE_B,
  framed,
  type IperfParameters,
  JSON_LIMIT_B,
  readParameters,
  refusalOf,
  resultsOf,
  STATE,
  type StreamCount,
} from './iperf3-messages.ts';
import { type PeerLimits, Places, RateLimit } from './limits.ts';
import { writePayload } from './payload.ts';

/** How long one side may keep the other waiting between the steps of a test. */
const STEP_MS = 10_000;
/** How often a running test is held against its limits. */
const WATCH_MS = 250;
/** Nothing more is on its way once nothing has come for so long: a long round trip. */
const QUIET_MS = 250;
const QUIET_LOOKS = 10;
/** A client's send buffer on a slow line takes seconds; the client waits as long for its results. */
const DRAIN_MS = 2_000;
/** What a timer of Node can hold; one that is longer fires at once. No test lasts so long. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

export type ConnectionListener = (socket: Socket) => void;

export function iperf3Listener(limits: PeerLimits): ConnectionListener {
  const connections = new RateLimit(limits.requestsPerMinute, 60_000);
  const places = new Places(limits.iperfTests);
  const tests = new Map<string, Test>();
  let accepted = 0;

  async function greet(socket: Socket, address: string, order: number): Promise<void> {
    const cookie = (await new Reader(socket).take(COOKIE_B, STEP_MS)).toString('latin1');
    const test = tests.get(cookie);
    if (test) return test.join(socket, order);
    const leave = places.take(address);
    if (!leave) {
      socket.end(Buffer.from([STATE.accessDenied & 0xff]));
      return;
    }
    const own = new Test(socket, limits);
    tests.set(cookie, own);
    try {
      await own.run();
    } finally {
      tests.delete(cookie);
      leave();
    }
  }

  return (socket) => {
    socket.on('error', () => {});
    const address = socket.remoteAddress ?? '';
    if (!connections.take(address, performance.now())) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    greet(socket, address, accepted++).catch(() => socket.destroy());
  };
}

interface Stream {
  readonly socket: Socket;
  /** When its connection came, among all: cookies may be read in another order. */
  readonly order: number;
}

class Test {
  readonly #control: Socket;
  readonly #reader: Reader;
  readonly #limits: PeerLimits;
  readonly #streams: Stream[] = [];
  #wanted = 0;
  #complete: () => void = () => {};

  constructor(control: Socket, limits: PeerLimits) {
    this.#control = control;
    this.#reader = new Reader(control);
    this.#limits = limits;
  }

  /** One more connection of this test. */
  join(socket: Socket, order: number): void {
    if (this.#streams.length >= this.#wanted) {
      socket.destroy();
      return;
    }
    // What is on its way must not be read before the test runs.
    socket.pause();
    this.#streams.push({ socket, order });
    if (this.#streams.length === this.#wanted) this.#complete();
  }

  /** The whole test, from behind the cookie to the end. */
  async run(): Promise<void> {
    try {
      await this.#converse();
    } finally {
      for (const { socket } of this.#streams) socket.destroy();
      this.#control.destroySoon();
    }
  }

  async #converse(): Promise<void> {
    this.#say(STATE.paramExchange);
    const asked = readParameters(await this.#json(), this.#limits);
    if (asked.kind === 'refused') {
      this.#control.end(refusalOf(asked.refusal));
      return;
    }
    const { parameters } = asked;
    const complete = new Promise<void>((resolve) => {
      this.#complete = resolve;
    });
    this.#wanted = parameters.parallel * (parameters.bidirectional ? 2 : 1);
    this.#say(STATE.createStreams);
    await this.#orGone(complete);
    this.#streams.sort((a, b) => a.order - b.order);
    this.#say(STATE.testStart);
    this.#say(STATE.testRunning);
    const results = await this.#measure(parameters);
    if (!results) return;
    this.#say(STATE.exchangeResults);
    await this.#json();
    this.#control.write(framed(results));
    this.#say(STATE.displayResults);
    // The client's farewell; it has what it wanted.
    await this.#reader.take(1, STEP_MS);
  }

  /** Moves bytes until the client ends it; undefined where there is nothing to tell. */
  async #measure(parameters: IperfParameters): Promise<object | undefined> {
    const cpu = process.cpuUsage();
    const beginMs = performance.now();
    const ending = new AbortController();
    const flows = this.#streams.map(({ socket }, index) => {
      // With --bidir the client opens its own sending streams first.
      const isSender = parameters.bidirectional ? index >= parameters.parallel : parameters.reverse;
      return isSender ? sending(socket, parameters, ending.signal) : receiving(socket);
    });
    let omittedB = flows.map(() => 0);
    let countedFromMs = beginMs;
    const omitting = setTimeout(() => {
      if (parameters.omit === 0) return;
      omittedB = flows.map((flow) => flow.countB());
      countedFromMs = performance.now();
    }, parameters.omit * 1_000);
    // A client that ends by bytes has no time; it has as long as any.
    const longestS = (parameters.time || this.#limits.iperfS) + parameters.omit;
    const overdueMs = beginMs + longestS * 1_000 + STEP_MS;
    const watch = setInterval(() => {
      const movedB = flows.reduce((sum, flow) => sum + flow.countB(), 0);
      if (movedB <= this.#limits.testB && performance.now() < overdueMs) return;
      this.#say(STATE.serverTerminate);
      this.#control.destroySoon();
    }, WATCH_MS);
    try {
      const state = (await this.#reader.take(1)).readInt8(0);
      if (state !== STATE.testEnd) return undefined;
      const endMs = performance.now();
      const used = process.cpuUsage(cpu);
      const elapsedUs = (endMs - beginMs) * 1_000;
      clearTimeout(omitting);
      const atEndB = flows.map((flow) => flow.countB());
      ending.abort();
      const drainedMs = await drained(flows, endMs, parameters.time === 0);
      const counts = flows.map((flow, index): StreamCount => {
        // Of what we send after the end the client counts nothing.
        const [countedB = 0, untilMs] = flow.isSender
          ? [atEndB[index], endMs]
          : [flow.countB(), drainedMs];
        const seconds = (untilMs - countedFromMs) / 1_000;
        return { bytes: countedB - (omittedB[index] ?? 0), seconds };
      });
      return resultsOf(counts, {
        userRatio: used.user / elapsedUs,
        systemRatio: used.system / elapsedUs,
      });
    } finally {
      ending.abort();
      clearTimeout(omitting);
      clearInterval(watch);
    }
  }

  #say(state: number): void {
    this.#control.write(Buffer.from([state & 0xff]));
  }

  async #json(): Promise<string> {
    const length = (await this.#reader.take(4, STEP_MS)).readUInt32BE(0);
    if (length > JSON_LIMIT_B) throw new RangeError(`JSON of ${length} B`);
    return (await this.#reader.take(length, STEP_MS)).toString();
  }

  /** `work`, unless the control connection ends first or it takes too long. */
  async #orGone(work: Promise<void>): Promise<void> {
    const settled = new AbortController();
    const { signal } = settled;
    const gone = once(this.#control, 'close', { signal }).then(() => {
      throw new Error('the client is gone');
    });
    const late = pause(STEP_MS, undefined, { signal }).then(() => {
      throw new Error('the streams did not come');
    });
    try {
      await Promise.race([work, gone, late]);
    } finally {
      settled.abort();
      // What lost the race rejects, and nobody is to hear of it.
      gone.catch(() => {});
      late.catch(() => {});
    }
  }
}

/** A stream while it is measured. */
interface Flow {
  readonly isSender: boolean;
  countB(): number;
  /** When something came last; 0 where nothing has. */
  heardMs(): number;
}

function receiving(socket: Socket): Flow {
  const beginB = socket.bytesRead;
  let heardMs = 0;
  socket.on('data', () => {
    heardMs = performance.now();
  });
  socket.resume();
  return { isSender: false, countB: () => socket.bytesRead - beginB, heardMs: () => heardMs };
}

/**
 * Reads what else there is after `endMs`: all that is on its way, or only what the kernel holds.
 *
 * @returns when the last of it was there
 */
async function drained(flows: readonly Flow[], endMs: number, isAll: boolean): Promise<number> {
  const lastMs = () => Math.max(endMs, ...flows.map((flow) => flow.heardMs()));
  if (flows.every(({ isSender }) => isSender)) return endMs;
  // The first turn may be what is left of this one; in a whole one every socket is looked at.
  const looks = isAll ? QUIET_LOOKS : 2;
  for (let silent = 0; silent < looks && performance.now() - endMs < DRAIN_MS; ) {
    const beforeMs = lastMs();
    await (isAll ? pause(QUIET_MS / QUIET_LOOKS) : turn());
    silent = lastMs() === beforeMs ? silent + 1 : 0;
  }
  return lastMs();
}

/** Sends until `ended`; the count leaves out what still waits in this process. */
function sending(socket: Socket, parameters: IperfParameters, ended: AbortSignal): Flow {
  const { bandwidth, len } = parameters;
  // Nothing is expected; read, the connection's end is seen.
  socket.resume();
  const countB = () => socket.bytesWritten - socket.writableLength;
  const paced = async () => {
    const beginMs = performance.now();
    while (!ended.aborted && !socket.destroyed) {
      await writePayload(socket, len, () => ended.aborted);
      const dueMs = beginMs + (countB() * 8_000) / bandwidth;
      const waitMs = Math.min(LONGEST_PAUSE_MS, Math.max(0, dueMs - performance.now()));
      await pause(waitMs, undefined, { signal: ended });
    }
  };
  if (bandwidth > 0) paced().catch(() => {});
  else void writePayload(socket, Number.POSITIVE_INFINITY, () => ended.aborted);
  // A client waits for a whole block, or the end of the stream, before it goes on.
  ended.addEventListener('abort', () => socket.end(), { once: true });
  return { isSender: true, countB, heardMs: () => 0 };
}

/** Takes a connection's first bytes by number; what is left over stays in it. */
class Reader {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** @throws where the connection ends before, or `limitMs` is over */
  take(bytes: number, limitMs?: number): Promise<Buffer> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const late =
        limitMs === undefined
          ? undefined
          : setTimeout(() => done(reject, new Error('late')), limitMs);
      const done = <T>(settle: (result: T) => void, result: T) => {
        clearTimeout(late);
        socket.off('readable', look).off('end', gone).off('close', gone);
        settle(result);
      };
      const gone = () => done(reject, new Error('the connection ended'));
      const look = () => {
        const taken: Buffer | null = socket.read(bytes);
        if (taken?.length === bytes) done(resolve, taken);
      };
      if (bytes === 0) return done(resolve, Buffer.alloc(0));
      if (socket.destroyed) return gone();
      socket.on('readable', look).on('end', gone).on('close', gone);
      look();
    });
  }
}
