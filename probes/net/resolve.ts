/** From a host to the one address a run uses, in the pinned family only. */
import { lookup as systemLookup } from 'node:dns/promises';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import type { Family, Outcome } from '../measurement.ts';
import { failed, TimeLimitError } from './failure.ts';
import { type Host, isPrivate, parseAddress } from './target.ts';
import { unlessAborted, within } from './time-limit.ts';

/** Two tries of 5 s against one resolver, as resolv.conf(5) has them, end later: by then it is no answer. */
const LIMIT_MS = 5_000;

export type Resolved =
  /** `dnsMs` only where a name was looked up. */
  | { readonly kind: 'address'; readonly address: string; readonly dnsMs?: number }
  | { readonly kind: 'outcome'; readonly outcome: Outcome };

export type Lookup = (name: string, family: Family) => Promise<readonly string[]>;

/** What a task may be led to. */
export interface AddressPolicy {
  /**
   * Whether a name may lead to this machine or into its own network (`isPrivate`). Else whoever
   * answers for the name could turn the probe on its own surroundings. An address that the task
   * itself names is the task's own word and is always measured.
   */
  readonly allowPrivate: boolean;
}

/** The parameter of that name, for every metric whose target may be a name. */
export const addressPolicy = { allowPrivate: z.boolean().default(false) };

/** getaddrinfo(3): the hosts file and the resolvers of this machine, as its users have them. */
export const lookupAddresses: Lookup = async (name, family) => {
  const found = await systemLookup(name, { family, all: true, verbatim: true });
  return found.map(({ address }) => address);
};

/**
 * The first address of `family` that `host` has and `policy` allows, within 5 s.
 *
 * Failures have stage `dns`: `no-aaaa` or `no-a` (the name exists, but only in the other family),
 * `unknown-name` (neither family), `no-answer` (no resolver could say), `timeout`,
 * `private-address` (the name leads where the policy forbids to go), `unusable-address`,
 * `resolver-failed`.
 *
 * @throws the signal's reason
 */
export async function resolveHost(
  host: Host,
  family: Family,
  signal: AbortSignal,
  policy: AddressPolicy = { allowPrivate: false },
  lookup: Lookup = lookupAddresses,
): Promise<Resolved> {
  if (host.kind === 'address') return host;
  try {
    return await within(LIMIT_MS, signal, (limited) =>
      resolveName(host.name, family, limited, policy, lookup),
    );
  } catch (error) {
    if (error instanceof TimeLimitError && error !== signal.reason) return outcome('timeout');
    throw error;
  }
}

async function resolveName(
  name: string,
  family: Family,
  signal: AbortSignal,
  { allowPrivate }: AddressPolicy,
  lookup: Lookup,
): Promise<Resolved> {
  const begin = performance.now();
  try {
    const found = await unlessAborted(lookup(name, family), signal);
    const dnsMs = performance.now() - begin;
    const usable = found
      .map((text) => parseAddress(text, family))
      .filter((parsed) => parsed.kind === 'address');
    const allowed = usable.find(({ address }) => allowPrivate || !isPrivate(address));
    if (allowed) return { ...allowed, dnsMs };
    const [forbidden] = usable;
    return forbidden
      ? outcome('private-address', `${forbidden.address}: allowPrivate would allow it`)
      : outcome('unusable-address');
  } catch (error) {
    signal.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAI_AGAIN') return outcome('no-answer');
    if (code !== 'ENOTFOUND' && code !== 'ENODATA') return outcome('resolver-failed', `${code}`);
  }
  // getaddrinfo does not tell a missing name from one without addresses of this family; the other
  // family is asked for that alone, and never used.
  const exists = await unlessAborted(lookup(name, family === 6 ? 4 : 6), signal).then(
    (addresses) => addresses.length > 0,
    () => false,
  );
  signal.throwIfAborted();
  if (!exists) return outcome('unknown-name');
  return outcome(family === 6 ? 'no-aaaa' : 'no-a');
}

function outcome(code: string, detail?: string): Resolved {
  return { kind: 'outcome', outcome: failed('dns', code, detail) };
}
