/**
 * Who a probe is and where it stands: enrolment, tokens, and the binding of a probe to a line and
 * of the line to a place, as of a date. Place and carrier come from here, never from a client and
 * never from an address.
 */

import { Fault } from '../probes/fault.ts';
import { nameSchema } from '../probes/measurement.ts';
import type { Store } from '../sql/store.ts';
import { dayBefore } from './days.ts';
import { dayOf } from './month.ts';
import { Refusal } from './refusal.ts';
import type { Register } from './register.ts';
import { bearerOf, hashToken, newToken, TokenDirectory } from './token.ts';

/** Technology of the station's own self-test line: measured, shown, never counted. */
export const LOOPBACK = 'loopback';

export const TECHNOLOGIES = [
  'ftth',
  'fttb',
  'fttn',
  'docsis',
  'dsl',
  'lte',
  'nr',
  'fwa',
  'wlan',
  'satellite',
  'ethernet',
  LOOPBACK,
] as const;

/** What the station adds to a measurement. */
export interface Binding {
  readonly line: string;
  readonly place: string;
  readonly carrier: string;
}

interface LineVersion extends Binding {
  /** `YYYY-MM-DD`, inclusive. */
  readonly validFrom: string;
  readonly validTo: string;
}

/** A probe with a token that is good, and where it has stood. */
export interface EnrolledProbe {
  readonly probe: string;
  /** The line's binding on the day of `instant`; null when the line did not exist then. */
  bindingAt(instant: Date): Binding | null;
}

/** Probes by the hash of their token. */
export class ProbeDirectory extends TokenDirectory<EnrolledProbe> {
  constructor(store: Store, now?: () => number) {
    super(async () => {
      const [probes, lines] = await Promise.all([
        store.query('probe_tokens', {}),
        store.query('line_versions', {}),
      ]);
      const versions = new Map<string, LineVersion[]>();
      for (const line of lines) {
        const found = versions.get(line.line);
        if (found) found.push(line);
        else versions.set(line.line, [line]);
      }
      return new Map(
        probes.map(({ probe, line, tokenSha256 }) => [
          tokenSha256,
          { probe, bindingAt: (instant) => versionAt(versions.get(line) ?? [], dayOf(instant)) },
        ]),
      );
    }, now);
  }
}

/**
 * The probe behind `Authorization: Bearer <token>`.
 *
 * @throws Fault `token-missing`, `token-unknown` (401)
 */
export async function authenticate(
  directory: ProbeDirectory,
  authorization: string | undefined,
): Promise<EnrolledProbe> {
  const token = bearerOf(authorization);
  if (!token)
    throw new Refusal(
      401,
      'token-missing',
      '请求未带探针令牌:请用 Authorization: Bearer <令牌>',
      'the request carries no probe token: send Authorization: Bearer <token>',
    );
  const probe = await directory.authenticate(token);
  if (!probe)
    throw new Refusal(
      401,
      'token-unknown',
      '探针令牌无效或已吊销:请用 tongda probe add 重新登记',
      'the probe token is not known or was revoked: enrol the probe again with tongda probe add',
    );
  return probe;
}

/** A probe by its name, as the register stands now, also one that was revoked; null for a stranger. */
export async function probeNamed(store: Store, probe: string): Promise<EnrolledProbe | null> {
  const [[found], lines] = await Promise.all([
    store.query('probe_line', { probe }),
    store.query('line_versions', {}),
  ]);
  if (!found) return null;
  const versions = lines.filter(({ line }) => line === found.line);
  return { probe, bindingAt: (instant) => versionAt(versions, dayOf(instant)) };
}

function versionAt(versions: readonly LineVersion[], day: string): Binding | null {
  const found = versions.find(({ validFrom, validTo }) => validFrom <= day && day <= validTo);
  return found ? { line: found.line, place: found.place, carrier: found.carrier } : null;
}

export interface Enrolment {
  readonly probe: string;
  readonly line: string;
  readonly place: string;
  readonly carrier: string;
  readonly technology: string;
  readonly subscribedDownBps: number | null;
  readonly subscribedUpBps: number | null;
  /** First day of the line, `YYYY-MM-DD`; null: of a line nobody knows the 1st of this month. */
  readonly validFrom: string | null;
}

/**
 * Binds a probe to a line, which is registered when nothing is known of it.
 *
 * @returns the probe's token: shown once, stored only as its SHA-256
 * @throws Fault `name-malformed`, `place-unknown`, `technology-unknown`, `probe-exists`, `line-differs`
 */
export async function enrol(
  store: Store,
  register: Register,
  enrolment: Enrolment,
  now: Date,
): Promise<string> {
  for (const key of ['probe', 'line', 'carrier'] as const)
    if (!nameSchema.safeParse(enrolment[key]).success)
      throw new Fault(
        'name-malformed',
        `${key} “${enrolment[key]}” 不合要求:只用小写字母、数字和连字符,最长 63 个字符`,
        `${key} "${enrolment[key]}" will not do: use lower-case letters, digits and hyphens, at most 63`,
      );
  if (!register.find(enrolment.place))
    throw new Refusal(
      404,
      'place-unknown',
      `登记册中没有区划代码 ${enrolment.place}:请查对代码`,
      `the register has no place with code ${enrolment.place}: check the code`,
    );
  if (!(TECHNOLOGIES as readonly string[]).includes(enrolment.technology))
    throw new Fault(
      'technology-unknown',
      `不认识接入技术 ${enrolment.technology},可用:${TECHNOLOGIES.join('、')}`,
      `technology ${enrolment.technology} is not known; there are: ${TECHNOLOGIES.join(', ')}`,
    );
  const day = dayOf(now);
  const probes = await store.query('probe_tokens', {});
  if (probes.some(({ probe }) => probe === enrolment.probe))
    throw new Refusal(
      409,
      'probe-exists',
      `探针 ${enrolment.probe} 已登记:请换一个名称`,
      `probe ${enrolment.probe} is enrolled already: choose another name`,
    );

  const { probe, ...line } = enrolment;
  const versions = await store.query('line_named', { line: line.line });
  const standing = versions.find(({ validFrom, validTo }) => validFrom <= day && day <= validTo);
  // What is registered of a line, its rates and its optical node, is not put aside by a probe.
  if (versions.length > 0 && !(standing && sameLine(standing, line)))
    throw new Refusal(
      409,
      'line-differs',
      `线路 ${line.line} 已登记为别的内容或已停用:请用其登记的地点、运营商与接入技术,或先以 tongda register import lines 变更`,
      `line ${line.line} is registered otherwise, or has ended: give the place, carrier and technology it has, or change it first with tongda register import lines`,
    );
  const token = newToken();
  const [first] = versions;
  const validFrom = line.validFrom ?? `${day.slice(0, 7)}-01`;
  if (!first) await store.insert('line', [{ ...line, validFrom }]);
  // That it was there earlier than is known is news, and takes nothing away.
  else if (line.validFrom !== null && line.validFrom < first.validFrom && sameLine(first, line))
    await store.insert('line', [{ ...line, validFrom, validTo: dayBefore(first.validFrom) }]);
  await store.insert('probe', [
    {
      probe,
      line: line.line,
      tokenSha256: hashToken(token),
      enrolled: now.toISOString(),
      revoked: null,
    },
  ]);
  return token;
}

function sameLine(
  one: Pick<Enrolment, 'place' | 'carrier' | 'technology'>,
  other: Pick<Enrolment, 'place' | 'carrier' | 'technology'>,
): boolean {
  return (['place', 'carrier', 'technology'] as const).every((key) => one[key] === other[key]);
}

/** A new token for an enrolled probe, whose old one is void at once: for a probe that lost it. */
export async function renewToken(
  store: Store,
  { probe, line }: { readonly probe: string; readonly line: string },
  now: Date,
): Promise<string> {
  const token = newToken();
  await store.insert('probe', [
    { probe, line, tokenSha256: hashToken(token), enrolled: now.toISOString(), revoked: null },
  ]);
  return token;
}
