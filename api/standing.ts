/**
 * The standing of one indicator at one place for one carrier and month: what the carrier declared,
 * held against what its lines there have shown. Pure.
 *
 * In this order:
 * 1. no row for the place: `no evidence`, whatever was measured. Silence is never `unserved`;
 * 2. filed as not reached: `unserved`, whatever was measured;
 * 3. filed as reached, and of the lines with sufficient evidence
 *    - none: `declared`;
 *    - those of fixed technologies are all of ones that rule the declared one out: `contradicted`;
 *    - more fail than pass: `contradicted`;
 *    - otherwise, that is as many pass as fail or more: `confirmed` if the row names the optical node
 *      that a declared fibre needs, else `declared`.
 *
 * Where nothing was declared (1 and 2) and of the lines with sufficient evidence more pass than fail, the
 * remark `measured-not-declared` is raised: a probe cannot see fibre, so the place is not counted as
 * covered, and what was measured is not hidden. A tie raises nothing.
 */
import { FIXED_TECHNOLOGIES, isFibre } from '../ingest/filing.ts';
import type { Place } from '../ingest/register.ts';
import type { Standing, StandingRemark } from './contract/filing.ts';
import type { PlanTarget } from './plan.ts';

/** Raised by whatever alters a standing. */
export const STANDING_METHOD = 'standing/1';

/** Every one there is. */
export const STANDINGS = [
  'confirmed',
  'contradicted',
  'declared',
  'unserved',
  'no evidence',
] as const satisfies readonly Standing[];

/** When a line's month is sufficient evidence, and from which value on it passes. */
export interface StandingRule {
  readonly minimumRuns: number;
  readonly minimumDays: number;
  /** In the unit of the proof's indicator. */
  readonly atLeast: number;
}

/** A place's row in the filing that counts. */
export interface DeclaredPlace {
  /** Line of the file. */
  readonly row: number;
  readonly reached: boolean;
  readonly technology: string;
  /** '' where none is named. */
  readonly opticalNode: string;
}

/** What one line of the carrier at the place has shown in the month. */
export interface LineMonth {
  readonly line: string;
  readonly technology: string;
  readonly runs: number;
  /** Days with a run, Asia/Shanghai. */
  readonly days: number;
  /** In the unit of the proof's indicator; null: nothing was measured. */
  readonly value: number | null;
  /** Whether the indicator takes the month as sufficient by the rule: of which runs, only it knows. */
  readonly sufficient: boolean;
}

export interface JudgedLine extends LineMonth {
  /** null without sufficient evidence. */
  readonly passed: boolean | null;
}

export interface PlaceStanding {
  readonly standing: Standing;
  readonly remarks: readonly StandingRemark[];
  readonly rule: StandingRule;
  /** null: the carrier filed nothing for the place. */
  readonly filing: DeclaredPlace | null;
  /** Each once, in the order of their names. */
  readonly lines: readonly JudgedLine[];
}

/**
 * Fixed technologies of a line, by the declared one they do not rule out.
 *
 * - What better plant also delivers fits: a carrier that declares a building may serve its homes by fibre.
 * - What brings the fibre less far than declared does not: behind `fttn`, fibre to the node or kerb, is
 *   copper, so it rules `ftth` and `fttb` out.
 * - A fibre that ends at the node goes on as pairs or coax, and a register may name either the node
 *   (`fttn`) or what hangs on it (`dsl`, `docsis`): each of the latter fits a declared `fttn`, and `fttn`
 *   fits them. They do not fit `fttb`: a building with a fibre of its own is registered so.
 * - Pairs are no coax and coax is no pairs: `dsl` and `docsis` rule each other out.
 *
 * Mobile and satellite lines say nothing of a declared fixed access.
 */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  ftth: ['ftth'],
  fttb: ['fttb', 'ftth'],
  fttn: ['fttn', 'fttb', 'ftth', 'docsis', 'dsl'],
  docsis: ['docsis', 'fttn', 'fttb', 'ftth'],
  dsl: ['dsl', 'fttn', 'fttb', 'ftth'],
} satisfies Record<(typeof FIXED_TECHNOLOGIES)[number], readonly string[]>;
const FIXED: ReadonlySet<string> = new Set(FIXED_TECHNOLOGIES);

/** A target whose indicator is a standing: it has a proof. */
export type DeclaringTarget = PlanTarget & { readonly proof: NonNullable<PlanTarget['proof']> };

export function isDeclaring(target: PlanTarget): target is DeclaringTarget {
  return target.proof !== undefined;
}

/**
 * The plan's evidence rule of a target: a line passes from the proof's value on. The `passed` that
 * indicators answer is not used: it is always false for quantiles.
 */
export function standingRule({
  evidence: { minimumRuns, minimumDays },
  proof: { atLeast },
}: Pick<DeclaringTarget, 'evidence' | 'proof'>): StandingRule {
  return { minimumRuns, minimumDays, atLeast };
}

export function standingOf(
  filing: DeclaredPlace | null,
  lines: readonly LineMonth[],
  { outside }: Pick<Place, 'outside'>,
  rule: StandingRule,
): PlaceStanding {
  const judged = onceEach(lines).map((line) => judge(line, rule));
  const sufficient = judged.filter((line) => line.sufficient);
  const passed = sufficient.filter((line) => line.passed).length;
  const failed = sufficient.length - passed;
  const remarks: StandingRemark[] = outside ? ['served-from-outside'] : [];
  const stands = (standing: Standing, ...more: StandingRemark[]): PlaceStanding => ({
    standing,
    remarks: [...more, ...remarks],
    rule,
    filing,
    lines: judged,
  });

  const undeclared: StandingRemark[] = passed > failed ? ['measured-not-declared'] : [];
  if (filing === null) return stands('no evidence', ...undeclared);
  if (!filing.reached) return stands('unserved', ...undeclared);

  const nodeMissing = isFibre(filing.technology) && filing.opticalNode === '';
  const caveats: StandingRemark[] = nodeMissing ? ['optical-node-missing'] : [];
  if (sufficient.length === 0) return stands('declared', ...caveats);
  if (isRuledOut(filing.technology, sufficient))
    return stands('contradicted', 'technology-contradicts', ...caveats);
  if (failed > passed) return stands('contradicted', 'lines-fail', ...caveats);
  return stands(nodeMissing ? 'declared' : 'confirmed', ...caveats);
}

/** How many of a set of places stand where; the parts add up to `places`. */
export function countStandings(
  standings: Iterable<Pick<PlaceStanding, 'standing'>>,
): Readonly<Record<Standing, number>> & { readonly places: number } {
  const counts = {
    confirmed: 0,
    contradicted: 0,
    declared: 0,
    unserved: 0,
    'no evidence': 0,
    places: 0,
  } satisfies Record<Standing | 'places', number>;
  for (const { standing } of standings) {
    counts[standing]++;
    counts.places++;
  }
  return counts;
}

function judge(line: LineMonth, { atLeast }: StandingRule): JudgedLine {
  const { value } = line;
  const sufficient = value !== null && line.sufficient;
  return { ...line, sufficient, passed: sufficient ? value >= atLeast : null };
}

function isRuledOut(declared: string, lines: readonly LineMonth[]): boolean {
  const fitting = FITTING[declared];
  if (!fitting) return false;
  const fixed = lines.filter(({ technology }) => FIXED.has(technology));
  return fixed.length > 0 && !fixed.some(({ technology }) => fitting.includes(technology));
}

/** A line given twice votes once: as the one with more behind it, whichever came first. */
function onceEach(lines: readonly LineMonth[]): readonly LineMonth[] {
  if (lines.length < 2) return lines;
  const byName = new Map<string, LineMonth>();
  for (const line of lines) {
    const other = byName.get(line.line);
    if (!other || compare(other, line) < 0) byName.set(line.line, line);
  }
  return [...byName.values()].sort((a, b) => (a.line < b.line ? -1 : 1));
}

function compare(a: LineMonth, b: LineMonth): number {
  return (
    a.runs - b.runs ||
    a.days - b.days ||
    Number(a.sufficient) - Number(b.sufficient) ||
    (a.value ?? Number.NEGATIVE_INFINITY) - (b.value ?? Number.NEGATIVE_INFINITY) ||
    (a.technology < b.technology ? -1 : Number(a.technology > b.technology))
  );
}
