/**
 * One DNS question to one chosen server, in the pinned family: over UDP, and again over TCP where
 * the answer was truncated (RFC 7766 §5). CNAMEs in the answer are followed to their end.
 *
 * Outcome: `ok` when at least one record of the asked type came. Otherwise
 * - `failed` at `answer`: the server answered, and said `no-aaaa` / `no-a` (the name has no such
 *   record: nothing is published), `nxdomain`, `servfail`, `refused`, `cname-loop`, or `rcode-N`;
 * - `failed` at `query`: no answer came: `timeout`, `refused` (port closed), `malformed` (only
 *   garbage came), `no-route`, `unreachable`, …;
 * - `failed` at `query-tcp`: the answer was truncated, and the whole of it could not be had over
 *   TCP: `refused`, `timeout`, `closed`, …, `truncated` (TC over TCP too).
 * So "no IPv6 published" (`answer/no-aaaa`) and "the query was dropped" (`query/timeout`) are never
 * the same record.
 */
import { getServers } from 'node:dns';
import { z } from 'zod';
import { finding } from '../finding.ts';
import type { Outcome } from '../measurement.ts';
import { defineMetric } from '../metric.ts';
import { askOverTcp, askOverUdp, type DnsAnswer, type TimedAnswer } from '../net/dns.ts';
import { atStage, failed, OK, StageError, skipped } from '../net/failure.ts';
import { isHostName, parseAddress } from '../net/target.ts';
import { count, milliseconds } from './value-specs.ts';

const parameters = z.strictObject({
  /** An address of the task's family; without it the first of this machine's own resolvers. */
  server: z.string().max(100).optional(),
  port: z.int().min(1).max(65_535).default(53),
  type: z.enum(['A', 'AAAA']).default('AAAA'),
  /** Of the query over UDP, and again of the one over TCP. */
  timeoutMs: z.number().min(100).max(30_000).default(3_000),
});
type Parameters = z.infer<typeof parameters>;

const values = [
  milliseconds('responseMs', '应答时延', 'Time to the answer'),
  count('rcode', '应答码', 'Response code'),
  count('answers', '该类型记录数', 'Records of the asked type'),
  count('authenticated', '已做 DNSSEC 验证 (AD)', 'Validated by the server (AD)'),
  count('truncated', 'UDP 应答被截断 (TC)', 'Answer over UDP truncated (TC)'),
  count('aliases', '经过的别名 (CNAME)', 'Aliases followed (CNAME)'),
];

export const dnsResolve = defineMetric<Parameters>({
  name: 'dns-resolve',
  title: { zh: '域名解析', en: 'Name resolution' },
  method: 'dns-resolve/2',
  source: 'RFC 1035, RFC 3596, RFC 7766',
  targetHint: 'example.net',
  load: 'quiet',
  parameters,
  values,
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    if (!isHostName(target)) return finding(values, { outcome: skipped('malformed-target') });
    const chosen = wanted.server ?? getServers().find((server) => isOfFamily(server, family));
    if (chosen === undefined) return finding(values, { outcome: skipped('no-resolver') });
    const parsed = parseAddress(chosen, family);
    if (parsed.kind === 'refused') return finding(values, { outcome: skipped(parsed.reason) });
    const { address } = parsed;

    const server = { address, port: wanted.port, timeoutMs: wanted.timeoutMs };
    const question = { name: target, type: wanted.type };
    let overUdp: TimedAnswer | undefined;
    try {
      overUdp = await atStage('query', askOverUdp(server, question, signal));
      if (!overUdp.answer.isTruncated)
        return finding(values, {
          outcome: outcomeOf(overUdp.answer, wanted.type),
          address,
          values: measured(overUdp, 0),
        });
      const overTcp = await atStage('query-tcp', askOverTcp(server, question, signal));
      return finding(values, {
        outcome: overTcp.answer.isTruncated
          ? failed('query-tcp', 'truncated')
          : outcomeOf(overTcp.answer, wanted.type),
        address,
        values: measured(overTcp, overUdp.responseMs),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StageError)) throw error;
      return finding(values, {
        outcome: error.outcome,
        address,
        values: overUdp ? { rcode: overUdp.answer.rcode, truncated: 1 } : {},
      });
    }
  },
});

/** @param beforeMs what the truncated answer before this one took; 0 without one */
function measured({ answer, responseMs }: TimedAnswer, beforeMs: number) {
  return {
    responseMs: beforeMs + responseMs,
    rcode: answer.rcode,
    answers: answer.records.length,
    authenticated: answer.isAuthenticated ? 1 : 0,
    truncated: beforeMs > 0 ? 1 : 0,
    aliases: answer.aliases,
  };
}

/** RFC 1035 §4.1.1. */
const RCODES: Readonly<Record<number, string>> = { 2: 'servfail', 3: 'nxdomain', 5: 'refused' };

function outcomeOf({ rcode, records, isLoop }: DnsAnswer, type: 'A' | 'AAAA'): Outcome {
  if (rcode !== 0) return failed('answer', RCODES[rcode] ?? `rcode-${rcode}`);
  if (records.length > 0) return OK;
  return failed('answer', isLoop ? 'cname-loop' : `no-${type.toLowerCase()}`);
}

function isOfFamily(server: string, family: 4 | 6): boolean {
  return parseAddress(server, family).kind === 'address';
}
