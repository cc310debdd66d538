/** Which family a target given at the command line is measured over. Pure. */
import { isIP } from 'node:net';
import { Fault } from './fault.ts';
import type { Family } from './measurement.ts';

/** The host of a target: of a URL, of `host:port`, of `[address]:port`, or the target itself. */
export function hostOf(target: string): string {
  if (isIP(target) > 0) return target;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1] ?? target;
  return /^\[([^\]]*)\]/.exec(authority)?.[1] ?? authority.replace(/:\d+$/, '');
}

/**
 * The family to measure over: a literal address decides; a name is measured over IPv4 unless asked
 * otherwise.
 *
 * @throws Fault `family-mismatch` where a literal of one family is asked for over the other
 */
export function familyOf(target: string, asked: Family | undefined): Family {
  const literal = isIP(hostOf(target));
  if (literal !== 4 && literal !== 6) return asked ?? 4;
  if (asked !== undefined && asked !== literal)
    throw new Fault(
      'family-mismatch',
      `${target} 是 IPv${literal} 地址,不能用 --family ${asked} 测`,
      `${target} is an IPv${literal} address and cannot be measured with --family ${asked}`,
    );
  return literal;
}
