/**
 * Round-trip time and loss by STAMP (RFC 8762, unauthenticated mode) against a reflector.
 *
 * A periodic sample (RFC 3432) of UDP test packets, none sent twice. The round-trip time is that of
 * RFC 2681 without the time the packet stayed in the reflector: (T4 − T1) − (T3 − T2). Variation is
 * told for each way (RFC 5481 §4.2): the clocks' offset is in every packet and falls out. One-way
 * delay is not, as nobody vouches for the clocks. An answer counts when it comes from the target and
 * brings back session, number and time of sending of a packet of this run.
 *
 * An answer comes when the kernel takes it from the driver (`net/arrival.ts`), however late it is
 * read. Where the kernel does not tell, the time of reading stands for it, and the method is `stamp/1`.
 *
 * Loss is told apart by way where the reflector numbers its own answers (RFC 8762 §4, stateful): it
 * was seen to do so, or `statefulReflector` says that it does. Packets lost after the last answer
 * count in `lossRatio` alone: nobody can say how far they got. Numbers that contradict each other,
 * as of a reflector that forgot the session, tell nothing.
 *
 * DSCP and TTL on arrival are not told: Node's sockets do not show them.
 *
 * Outcome: `ok` as soon as one answer came. With none, `failed` at `reflect`: `timeout`, `refused`
 * (port closed), `malformed` (only garbage came), `no-route`, …; at `send` when no packet left this
 * machine; at `dns` as `resolveHost` says.
 */
import { randomInt } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { finding, rounded } from '../finding.ts';
import { defineMetric, type Finding } from '../metric.ts';
import { openLateness } from '../net/arrival.ts';
import { commonest, failed, failureCode, OK, skipped } from '../net/failure.ts';
import { addressPolicy, resolveHost } from '../net/resolve.ts';
import {
  BASE_B,
  type Reflection,
  readReflection,
  steadyClock,
  testPacket,
} from '../net/stamp-packet.ts';
import { parseHostAndPort } from '../net/target.ts';
import { pause } from '../net/time-limit.ts';
import { openUdp } from '../net/udp.ts';
import { delayStatistics, lossRatio, median } from '../sample.ts';
import { count, milliseconds, RTT_VALUES, ratio, rttValues } from './value-specs.ts';

/** Of sending; the task's own limit is not much longer. */
const LONGEST_MS = 120_000;

const parameters = z
  .strictObject({
    count: z.int().min(1).max(1_000).default(50),
    intervalMs: z.number().min(5).max(10_000).default(50),
    /** Waiting time after which a packet counts as lost. */
    timeoutMs: z.number().min(100).max(10_000).default(2_000),
    /** UDP payload, in both directions; at most what an Ethernet frame holds over IPv6. */
    sizeB: z.int().min(BASE_B).max(1_452).default(BASE_B),
    /** The reflector is known to number its own answers, as the peer of this project does. */
    statefulReflector: z.boolean().default(false),
    ...addressPolicy,
  })
  .refine(({ count, intervalMs }) => (count - 1) * intervalMs <= LONGEST_MS, {
    path: ['count'],
    message: `count × intervalMs > ${LONGEST_MS} ms`,
  });
type Parameters = z.infer<typeof parameters>;

const values = [
  ...RTT_VALUES,
  ratio('lossRatio', '丢包率', 'Packet loss'),
  ratio('lossForwardRatio', '去程丢包率', 'Packet loss on the way there'),
  ratio('lossBackwardRatio', '回程丢包率', 'Packet loss on the way back'),
  count('packetsSent', '已发送', 'Packets sent'),
  count('packetsReceived', '已收到', 'Packets answered'),
  milliseconds('jitterForwardMs', '去程抖动(p95 − 最小值)', 'Jitter there (p95 minus minimum)'),
  milliseconds('jitterBackwardMs', '回程抖动(p95 − 最小值)', 'Jitter back (p95 minus minimum)'),
  milliseconds('residenceMedianMs', '反射端停留中位数', 'Median stay in the reflector'),
  count('statefulReflector', '反射端自行编号', 'The reflector numbers its own answers'),
];

export const stamp = defineMetric<Parameters>({
  name: 'stamp',
  title: { zh: '往返时延与分向丢包(STAMP)', en: 'Round-trip time and loss by way (STAMP)' },
  method: 'stamp/2',
  source: 'RFC 8762, RFC 2681, RFC 5481',
  targetHint: 'peer.example.net:862 | 192.0.2.1:862 | [2001:db8::1]:862',
  load: 'quiet',
  parameters,
  values,
  // Question and answer, with IPv6, UDP and Ethernet headers.
  costB: ({ count, sizeB }) => 2 * count * (sizeB + 64),
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    const parsed = parseHostAndPort(target, family);
    if (parsed.kind === 'refused') return finding(values, { outcome: skipped(parsed.reason) });
    const resolved = await resolveHost(parsed.host, family, signal, wanted);
    if (resolved.kind === 'outcome') return finding(values, { outcome: resolved.outcome });
    const { address } = resolved;
    const session = await exchangePackets(address, parsed.port, wanted, signal);
    return judge(address, session, wanted.statefulReflector);
  },
});

export interface Answer extends Reflection {
  /** When the packet left and when its answer came, by the sender's clock. */
  readonly leftNs: bigint;
  readonly cameNs: bigint;
}

export interface StampSession {
  /** Packets that left, and packets that this machine would not send. */
  readonly sent: number;
  readonly unsent: number;
  /** The first answer to each packet, in the order of sending. */
  readonly answers: readonly Answer[];
  /** What sockets and routers said, as codes of an outcome. */
  readonly codes: readonly string[];
  readonly strangers: number;
  /** Whether the kernel told when answers came. */
  readonly isTimedByKernel: boolean;
}

/** Sends `count` packets on their beats and listens until the last is answered or overdue. */
async function exchangePackets(
  address: string,
  port: number,
  { count, intervalMs, timeoutMs, sizeB }: Parameters,
  signal: AbortSignal,
): Promise<StampSession> {
  const now = steadyClock();
  const session = randomInt(1, 0x1_0000);
  const timeoutNs = BigInt(Math.round(timeoutMs * 1e6));
  const left = new Map<number, bigint>();
  const answers = new Map<number, Answer>();
  const codes: string[] = [];
  let strangers = 0;
  let isTimedByKernel = false;

  const socket = await openUdp(address, port, signal);
  try {
    socket.on('error', (error) => codes.push(failureCode(error)));
    const lateness = await openLateness(socket);
    isTimedByKernel = lateness !== null;
    socket.on('message', (datagram) => {
      const lateNs = lateness?.() ?? 0n;
      const cameNs = now() - lateNs;
      const read = readReflection(datagram, session, (sequence) => left.get(sequence));
      const leftNs = left.get(read?.senderSequence ?? -1);
      if (!read || leftNs === undefined) strangers++;
      else if (cameNs - leftNs <= timeoutNs && !answers.has(read.senderSequence))
        answers.set(read.senderSequence, { ...read, leftNs, cameNs });
    });
    const beginMs = performance.now();
    for (let sequence = 0; sequence < count; sequence++) {
      // By the beat, not by the last packet: lateness does not add up.
      await pause(Math.max(0, beginMs + sequence * intervalMs - performance.now()), signal);
      const sentNs = now();
      left.set(sequence, sentNs);
      socket.send(testPacket({ sequence, sentNs, session, sizeB }), (error) => {
        if (!error) return;
        left.delete(sequence);
        codes.push(failureCode(error));
      });
    }
    const overdueMs = performance.now() + timeoutMs;
    while (answers.size < left.size && performance.now() < overdueMs)
      await pause(Math.min(20, timeoutMs), signal);
    // What came in time may lie there unread where this process was kept from running.
    await turn();
  } finally {
    socket.close();
  }
  const inOrder = [...answers.values()].sort((a, b) => a.senderSequence - b.senderSequence);
  return {
    sent: left.size,
    unsent: count - left.size,
    answers: inOrder,
    codes,
    strangers,
    isTimedByKernel,
  };
}

/** From the fate of each packet to a finding. Pure. */
export function judge(
  address: string,
  { sent, unsent, answers, codes, strangers, isTimedByKernel }: StampSession,
  isKnownStateful: boolean,
): Finding {
  const method = isTimedByKernel ? {} : { method: 'stamp/1' };
  const counts = { packetsSent: sent, packetsReceived: answers.length };
  if (sent === 0) {
    const outcome = failed('send', commonest(codes) ?? 'send-failed');
    return finding(values, { outcome, address, ...method, values: counts });
  }
  const loss = { lossRatio: lossRatio(sent, answers.length) };
  if (answers.length === 0) {
    const code = commonest(codes) ?? (strangers > 0 ? 'malformed' : 'timeout');
    return finding(values, {
      outcome: failed('reflect', code),
      address,
      ...method,
      values: { ...loss, ...counts },
    });
  }
  const sampleMs: (number | undefined)[] = Array.from({ length: sent });
  const staysMs: number[] = [];
  for (const { senderSequence, leftNs, cameNs, receivedNs, sentNs } of answers) {
    const stayNs = sentNs - receivedNs;
    // A reflector whose clock stepped while it held the packet did answer; how fast, nobody knows.
    if (stayNs < 0n || stayNs > cameNs - leftNs) continue;
    staysMs.push(milliseconds64(stayNs));
    sampleMs[senderSequence] = milliseconds64(cameNs - leftNs - stayNs);
  }
  const byWay = lossByWay(answers, isKnownStateful);
  // The reflector's numbers have no gap for a packet that never left.
  const ways: LossByWay = unsent === 0 ? byWay : { isStateful: byWay.isStateful };
  return finding(values, {
    outcome: OK,
    address,
    ...method,
    values: {
      ...rttValues(sampleMs),
      ...loss,
      ...counts,
      lossForwardRatio: ways.forward,
      lossBackwardRatio: ways.backward,
      jitterForwardMs: jitterMs(answers.map(({ receivedNs, leftNs }) => receivedNs - leftNs)),
      jitterBackwardMs: jitterMs(answers.map(({ cameNs, sentNs }) => cameNs - sentNs)),
      residenceMedianMs: median(staysMs),
      statefulReflector: ways.isStateful ? 1 : 0,
    },
    samples: sampleMs.filter((rttMs) => rttMs !== undefined).map((rttMs) => rounded(rttMs, 0.001)),
  });
}

export interface LossByWay {
  readonly isStateful: boolean;
  /** Of the packets up to the last one answered; absent where it cannot be told. */
  readonly forward?: number;
  /** Of those that reached the reflector. */
  readonly backward?: number;
}

/** Pure. */
export function lossByWay(
  answers: readonly Pick<Reflection, 'sequence' | 'senderSequence'>[],
  isKnownStateful: boolean,
): LossByWay {
  const isNumbering = answers.some(({ sequence, senderSequence }) => sequence !== senderSequence);
  const isStateful = isNumbering || isKnownStateful;
  const sent = 1 + Math.max(...answers.map(({ senderSequence }) => senderSequence));
  const arrived = 1 + Math.max(...answers.map(({ sequence }) => sequence));
  const isLossless = answers.length === sent && !isNumbering;
  // A number that was given twice, or that is higher than what was sent: it has forgotten, or counts otherwise.
  const numbers = new Set(answers.map(({ sequence }) => sequence));
  const isConsistent = numbers.size === answers.length && arrived <= sent;
  if (!isLossless && !(isStateful && isConsistent))
    return { isStateful: isStateful && isConsistent };
  return {
    isStateful,
    forward: (sent - arrived) / sent,
    backward: (arrived - answers.length) / arrived,
  };
}

/** p95 − minimum of delays that all have the same unknown offset in them. */
function jitterMs(delaysNs: readonly bigint[]): number | undefined {
  const [first = 0n] = delaysNs;
  return delayStatistics(delaysNs.map((delayNs) => milliseconds64(delayNs - first)))?.pdvMs;
}

/** Of a difference; exact to the nanosecond up to some 100 days. */
function milliseconds64(ns: bigint): number {
  return Number(ns) / 1e6;
}
