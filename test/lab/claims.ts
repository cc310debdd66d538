/**
 * What carriers file of the lab's villages, true or not, and how each statement must stand: from what was
 * claimed and what the line was built to do, and from no measurement. Pure.
 */
import type { Standing } from '../../api/contract/filing.ts';
import { type Site, truthOf } from './sites.ts';

/** A line that is slower does not bear fibre out; far from every rate the lab builds. */
export const PROOF_BPS = 50e6;

type Claim = 'fibre' | 'fibre without a node' | 'not reached' | 'nothing';

/** In turn, so that a dozen sites meet every claim on lines of both kinds. */
const CLAIMS: readonly Claim[] = [
  'fibre',
  'fibre',
  'fibre',
  'fibre',
  'fibre',
  'fibre',
  'fibre without a node',
  'fibre',
  'fibre',
  'not reached',
  'nothing',
  'fibre without a node',
];

export function claimOf({ index }: Site): Claim {
  return CLAIMS[index % CLAIMS.length] as Claim;
}

export function trueStanding(site: Site): Standing {
  const claim = claimOf(site);
  if (claim === 'nothing') return 'no evidence';
  if (claim === 'not reached') return 'unserved';
  if (truthOf(site).downMbps * 1e6 < PROOF_BPS) return 'contradicted';
  return claim === 'fibre' ? 'confirmed' : 'declared';
}

/**
 * A carrier's sheet of places, as it would send it.
 *
 * @param month `YYYY-MM`
 */
export function sheetOf(sites: readonly Site[], carrier: Site['carrier'], month: string): string {
  const rows = sites
    .filter((site) => site.carrier === carrier && claimOf(site) !== 'nothing')
    .map((site) => {
      const claim = claimOf(site);
      if (claim === 'not reached') return `${site.place},no,,,`;
      const node = claim === 'fibre' ? `OLT-${site.name}` : '';
      return `${site.place},yes,ftth,${node},${month}-01`;
    });
  return `${['code,reached,technology,optical node,date reached', ...rows].join('\n')}\n`;
}

/** The plan of the station, with what a survey of minutes can prove. */
export function planFor(plan: {
  readonly targets: readonly { readonly id: string }[];
}): Record<string, unknown> {
  const targets = plan.targets.map((target) =>
    target.id === 'fibre-villages'
      ? {
          ...target,
          proof: { indicator: 'median-download-rate', atLeast: PROOF_BPS },
          evidence: { minimumRuns: 1, minimumDays: 1 },
        }
      : target,
  );
  return { ...plan, targets };
}
