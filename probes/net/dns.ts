/**
 * One question to one DNS server, over UDP or TCP, in the server's family (RFC 1035, RFC 7766).
 *
 * The question has AD set (RFC 6840 §5.7: "tell me whether you validated"), and RD unless it is for
 * one who holds the zone. What does not match the question asked is passed over, as a forger would send it too (RFC 5452 §9.1).
 */
import { randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import packet from 'dns-packet';
import { connectTcp } from './tcp.ts';
import { unlessAborted, within } from './time-limit.ts';
import { exchange, type UdpPeer } from './udp.ts';

export interface Question {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'NS';
  /** Asked of one who holds the zone: not to be looked up elsewhere (no RD). */
  readonly isOfHolder?: boolean;
}

/** A question and the number that its answer must carry. */
export interface NumberedQuestion extends Question {
  readonly id: number;
}

export interface DnsAnswer {
  readonly rcode: number;
  /** AA: the server holds the zone (RFC 1035 §4.1.1). */
  readonly isAuthoritative: boolean;
  /** AD: the server validated it (RFC 4035 §3.2.3). */
  readonly isAuthenticated: boolean;
  /** TC: there is more, over TCP. */
  readonly isTruncated: boolean;
  /** Of the asked type, at the name the CNAMEs led to: addresses, or names of servers. */
  readonly records: readonly string[];
  /** CNAMEs followed from the name asked for. */
  readonly aliases: number;
  /** The CNAMEs come back to where they were. */
  readonly isLoop: boolean;
}

export interface TimedAnswer {
  readonly answer: DnsAnswer;
  readonly responseMs: number;
}

/** More than this no resolver follows. */
const ALIAS_LIMIT = 32;
/** RFC 1035 §4.2.2: a message over TCP has two octets of length before it. */
const LENGTH_B = 2;
/** One question was asked: more messages than this before its answer are no mistake. */
const STREAM_LIMIT = 4;

/** @throws an error of code `malformed` when nothing but garbage came, else as `exchange` does */
export async function askOverUdp(
  server: UdpPeer,
  asked: Question,
  signal: AbortSignal,
): Promise<TimedAnswer> {
  const question = numbered(asked);
  let garbage = false;
  try {
    return await exchange(server, queryFor(question), signal, (datagram, responseMs) => {
      const answer = readAnswer(datagram, question);
      garbage ||= answer === undefined;
      return answer && { answer, responseMs };
    });
  } catch (error) {
    signal.throwIfAborted();
    throw garbage ? malformed(error) : error;
  }
}

/**
 * @returns the time from the first SYN to the answer
 * @throws the socket's error, one of code `malformed` or `closed`, a `TimeLimitError`, or the
 *   signal's reason
 */
export function askOverTcp(
  { address, port, timeoutMs }: UdpPeer,
  asked: Question,
  signal: AbortSignal,
): Promise<TimedAnswer> {
  return within(timeoutMs, signal, async (limited) => {
    const question = numbered(asked);
    const begin = performance.now();
    const { socket } = await connectTcp(address, port, limited);
    try {
      const query = queryFor(question);
      const length = Buffer.alloc(LENGTH_B);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
      const answered = answerIn(socket, question);
      answered.catch(() => {});
      const answer = await unlessAborted(answered, limited);
      return { answer, responseMs: performance.now() - begin };
    } finally {
      socket.destroy();
    }
  });
}

async function answerIn(
  stream: AsyncIterable<Buffer>,
  question: NumberedQuestion,
): Promise<DnsAnswer> {
  let unread = Buffer.alloc(0);
  let messages = 0;
  for await (const chunk of stream) {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= LENGTH_B) {
      const endB = LENGTH_B + unread.readUInt16BE(0);
      if (unread.length < endB) break;
      const answer = readAnswer(unread.subarray(LENGTH_B, endB), question);
      if (answer) return answer;
      if (++messages === STREAM_LIMIT) throw malformed(`${STREAM_LIMIT} others came first`);
      unread = unread.subarray(endB);
    }
  }
  throw Object.assign(new Error('ended before its answer'), { code: 'closed' });
}

function numbered(question: Question): NumberedQuestion {
  return { ...question, id: randomInt(0x1_0000) };
}

function malformed(cause: unknown): Error {
  return Object.assign(new Error('no answer to what was asked', { cause }), { code: 'malformed' });
}

function queryFor({ id, name, type, isOfHolder }: NumberedQuestion): Buffer {
  return packet.encode({
    type: 'query',
    id,
    flags: (isOfHolder ? 0 : packet.RECURSION_DESIRED) | packet.AUTHENTIC_DATA,
    questions: [{ name, type }],
  });
}

/** The answer to `question`; undefined for anything else. Pure. */
export function readAnswer(message: Buffer, question: NumberedQuestion): DnsAnswer | undefined {
  let read: packet.DecodedPacket;
  try {
    read = packet.decode(message);
  } catch {
    return undefined;
  }
  const asked = read.questions?.[0];
  const isOurs =
    read.type === 'response' &&
    read.id === question.id &&
    read.questions?.length === 1 &&
    asked?.type === question.type &&
    canonical(asked.name) === canonical(question.name);
  if (!isOurs) return undefined;
  return {
    rcode: (read.flags ?? 0) & 0xf,
    isAuthoritative: read.flag_aa === true,
    isAuthenticated: read.flag_ad === true,
    isTruncated: read.flag_tc === true,
    ...followed(read.answers ?? [], question),
  };
}

/** Where the CNAMEs of an answer lead, and the records there. Their order says nothing. */
function followed(
  answers: readonly packet.Answer[],
  { name, type }: Question,
): Pick<DnsAnswer, 'records' | 'aliases' | 'isLoop'> {
  const aliasOf = new Map<string, string>();
  const recordsOf = new Map<string, string[]>();
  for (const answer of answers) {
    const owner = canonical(answer.name);
    if (answer.type === 'CNAME') aliasOf.set(owner, canonical(answer.data));
    if (answer.type === type) recordsOf.set(owner, [...(recordsOf.get(owner) ?? []), answer.data]);
  }
  let at = canonical(name);
  const seen = new Set([at]);
  for (let aliases = 0; ; aliases++) {
    const next = aliasOf.get(at);
    if (next === undefined) return { records: recordsOf.get(at) ?? [], aliases, isLoop: false };
    if (seen.has(next) || aliases === ALIAS_LIMIT) return { records: [], aliases, isLoop: true };
    seen.add(next);
    at = next;
  }
}

/** RFC 4343: the case of a name says nothing. */
function canonical(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}
