/**
 * The rungs of the IPv6 ladder, from the name to the pages behind the first one, and what a visit
 * says of them. Pure.
 */
import type { Outcome } from '../measurement.ts';
import { commonest, failed, OK } from '../net/failure.ts';
import type { Visit } from '../net/page.ts';

/** From the bottom; the height of a rung is its place in this list, from 1. */
export const RUNGS = ['dns', 'icmp', 'tcp', 'tls', 'http', 'page', 'content', 'links'] as const;
export type Rung = (typeof RUNGS)[number];

export function heightOf(rung: Rung): number {
  return RUNGS.indexOf(rung) + 1;
}

/** Which rung a stage of a visit stands on. */
const RUNG_OF_STAGE: Readonly<Record<string, Rung>> = {
  dns: 'dns',
  connect: 'tcp',
  tls: 'tls',
  header: 'http',
  redirect: 'http',
  status: 'http',
  body: 'page',
};

/**
 * The rung a visit broke at, and why; undefined where the whole page came, or all of it that was
 * wanted: a page longer than our own limit is no fault of the line.
 */
export function brokenAt({
  outcome,
}: Pick<Visit, 'outcome'>): { readonly rung: Rung; readonly code: string } | undefined {
  if (outcome.status !== 'failed' || outcome.code === 'body-limit') return undefined;
  return { rung: RUNG_OF_STAGE[outcome.stage] ?? 'http', code: outcome.code };
}

/** Height of the highest rung that a visit showed to hold; 0 for none. */
export function heightReached(visit: Pick<Visit, 'outcome' | 'tlsMs'>): number {
  const broken = brokenAt(visit);
  if (!broken) return heightOf('page');
  const below = RUNGS.slice(0, RUNGS.indexOf(broken.rung)).filter(
    // A visit sends no echo, and a plain page has no TLS.
    (rung) => rung !== 'icmp' && (rung !== 'tls' || visit.tlsMs !== undefined),
  );
  const highest = below.at(-1);
  return highest === undefined ? 0 : heightOf(highest);
}

/** What a climb found, beside its visit to the page. */
export interface Climb {
  readonly visit: Pick<Visit, 'outcome' | 'tlsMs'>;
  readonly isEchoAnswered: boolean;
  /** To the page over IPv4; undefined where there was none to compare with. */
  readonly similarityRatio: number | undefined;
  readonly similarAtLeast: number;
  /** The linked pages that came, and why others came over IPv4 alone; undefined where none was tried. */
  readonly links: { readonly ok: number; readonly codes: readonly string[] } | undefined;
}

/** The outcome of a climb, and the height of the highest rung that held. */
export function judgeClimb({
  visit,
  isEchoAnswered,
  similarityRatio,
  similarAtLeast,
  links,
}: Climb): { readonly outcome: Outcome; readonly highestRung: number } {
  const reached = Math.max(heightReached(visit), isEchoAnswered ? heightOf('icmp') : 0);
  const broken = brokenAt(visit);
  if (broken) {
    const detail = visit.outcome.status === 'failed' ? visit.outcome.detail : undefined;
    return { outcome: failed(broken.rung, broken.code, detail), highestRung: reached };
  }
  if (similarityRatio !== undefined && similarityRatio < similarAtLeast)
    return { outcome: failed('content', 'differs'), highestRung: reached };
  const compared = similarityRatio === undefined ? reached : heightOf('content');
  const code = commonest(links?.codes ?? []);
  if (code !== undefined) return { outcome: failed('links', code), highestRung: compared };
  return { outcome: OK, highestRung: links && links.ok > 0 ? heightOf('links') : compared };
}

/** The same thing over both families, one right after the other. */
export interface Pair {
  readonly v6Ms: number;
  readonly v4Ms: number;
}

/** (v6 − v4) / v4 of one pair: the degradation ratio (劣化比); negative where IPv6 is the faster. */
export function degradationRatio({ v6Ms, v4Ms }: Pair): number {
  return (v6Ms - v4Ms) / v4Ms;
}
