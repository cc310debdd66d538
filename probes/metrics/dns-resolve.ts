/**
 * One DNS question to one chosen server, over UDP in the pinned family.
 *
 * The question has RD and AD set (RFC 6840 §5.7: "tell me whether you validated"). What does not
 * match the question asked is ignored, as a forger would send it too (RFC 5452 §9.1).
 *
 * Outcome: `ok` when at least one record of the asked type came. Otherwise
 * - `failed` at `answer`: the server answered, and said `no-aaaa` / `no-a` (the name has no such
 *   record: nothing is published), `nxdomain`, `servfail`, `refused`, `truncated`, or `rcode-N`;
 * - `failed` at `query`: no answer came: `timeout`, `refused` (port closed), `malformed` (only
 *   garbage came), `no-route`, `unreachable`, ….
 * So "no IPv6 published" (`answer/no-aaaa`) and "the query was dropped" (`query/timeout`) are never
 * the same record.
 */
import { randomInt } from 'node:crypto';
import { getServers } from 'node:dns';
import packet from 'dns-packet';
import { z } from 'zod';
import { finding } from '../finding.ts';
import type { Outcome } from '../measurement.ts';
import { defineMetric } from '../metric.ts';
import { failed, failureCode, OK, skipped, TimeLimitError } from '../net/failure.ts';
import { isHostName, parseAddress } from '../net/target.ts';
import { exchange } from '../net/udp.ts';
import { count, milliseconds } from './value-specs.ts';

const parameters = z.strictObject({
  /** An address of the task's family; without it the first of this machine's own resolvers. */
  server: z.string().max(100).optional(),
  port: z.int().min(1).max(65_535).default(53),
  type: z.enum(['A', 'AAAA']).default('AAAA'),
  timeoutMs: z.number().min(100).max(30_000).default(3_000),
});
type Parameters = z.infer<typeof parameters>;

const values = [
  milliseconds('responseMs', '应答时延', 'Time to the answer'),
  count('rcode', '应答码', 'Response code'),
  count('answers', '该类型记录数', 'Records of the asked type'),
  count('authenticated', '已做 DNSSEC 验证 (AD)', 'Validated by the server (AD)'),
  count('truncated', '应答被截断 (TC)', 'Answer truncated (TC)'),
];

export const dnsResolve = defineMetric<Parameters>({
  name: 'dns-resolve',
  title: { zh: '域名解析', en: 'Name resolution' },
  method: 'dns-resolve/1',
  source: 'RFC 1035, RFC 3596',
  targetHint: 'example.net',
  load: 'quiet',
  parameters,
  values,
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    if (!isHostName(target)) return finding(values, { outcome: skipped('malformed-target') });
    const chosen = wanted.server ?? getServers().find((server) => isOfFamily(server, family));
    if (chosen === undefined) return finding(values, { outcome: skipped('no-resolver') });
    const server = parseAddress(chosen, family);
    if (server.kind === 'refused') return finding(values, { outcome: skipped(server.reason) });
    const { address } = server;

    const question = { id: randomInt(0x1_0000), name: target, type: wanted.type };
    let garbage = false;
    try {
      const { answer, responseMs } = await exchange(
        { address, port: wanted.port, timeoutMs: wanted.timeoutMs },
        queryFor(question),
        signal,
        (datagram, responseMs) => {
          const read = readAnswer(datagram, question);
          garbage ||= read === undefined;
          return read && { answer: read, responseMs };
        },
      );
      return finding(values, {
        outcome: outcomeOf(answer, wanted.type),
        address,
        values: { responseMs, ...answer },
      });
    } catch (error) {
      signal.throwIfAborted();
      const code = garbage && error instanceof TimeLimitError ? 'malformed' : failureCode(error);
      return finding(values, { outcome: failed('query', code), address });
    }
  },
});

interface Question {
  readonly id: number;
  readonly name: string;
  readonly type: 'A' | 'AAAA';
}

interface Answer {
  readonly rcode: number;
  /** Records of the asked type, at whatever name a CNAME led to. */
  readonly answers: number;
  readonly authenticated: number;
  readonly truncated: number;
}

function queryFor({ id, name, type }: Question): Buffer {
  return packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED | packet.AUTHENTIC_DATA,
    questions: [{ name, type }],
  });
}

/** The answer to `question`; undefined for anything else. Pure. */
export function readAnswer(datagram: Buffer, question: Question): Answer | undefined {
  let read: packet.DecodedPacket;
  try {
    read = packet.decode(datagram);
  } catch {
    return undefined;
  }
  const asked = read.questions?.[0];
  const isOurs =
    read.type === 'response' &&
    read.id === question.id &&
    read.questions?.length === 1 &&
    asked?.type === question.type &&
    asked.name.toLowerCase() === question.name.replace(/\.$/, '').toLowerCase();
  if (!isOurs) return undefined;
  return {
    rcode: (read.flags ?? 0) & 0xf,
    answers: read.answers?.filter(({ type }) => type === question.type).length ?? 0,
    authenticated: read.flag_ad ? 1 : 0,
    truncated: read.flag_tc ? 1 : 0,
  };
}

/** RFC 1035 §4.1.1. */
const RCODES: Readonly<Record<number, string>> = { 2: 'servfail', 3: 'nxdomain', 5: 'refused' };

function outcomeOf({ rcode, answers, truncated }: Answer, type: 'A' | 'AAAA'): Outcome {
  if (rcode !== 0) return failed('answer', RCODES[rcode] ?? `rcode-${rcode}`);
  if (answers > 0) return OK;
  return failed('answer', truncated ? 'truncated' : `no-${type.toLowerCase()}`);
}

function isOfFamily(server: string, family: 4 | 6): boolean {
  return parseAddress(server, family).kind === 'address';
}
