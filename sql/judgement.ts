/**
 * What a plan's targets ask of a month of the store: which of them one question may ask for, its text
 * and its parameters. Pure.
 */
import { indicatorNamed, quantileOf } from './indicator.ts';
import { lineQuestion } from './line-indicator.ts';
import { type IndicatorParameters, measured, type RollupParameters } from './questions.ts';
import { bind } from './store.ts';

/** One target's question to a month; only of measured kinds, the others are drawn from what was filed. */
export interface Judgement {
  readonly target: string;
  /** Name of a file in `indicators/`. */
  readonly indicator: string;
  /** Kinds of villages whose lines count; none: all. */
  readonly villageKinds: readonly string[];
  readonly evidence: Omit<IndicatorParameters, 'start' | 'end'>;
}

/** A month in the plan's calendar: its days, both inclusive, and its instants, the end exclusive. */
export interface MonthSpan {
  readonly first: string;
  readonly last: string;
  readonly start: string;
  readonly end: string;
}

/** The rules a judgement's rows carry: the indicator's method, where it asks, and for what evidence. */
function rulesOf({ indicator: name, villageKinds, evidence }: Judgement): string {
  const { minimumRuns, minimumDays, passRatio } = evidence;
  const { method } = indicatorNamed(name);
  const among = villageKinds.length > 0 ? ` in ${villageKinds.join(',')}` : '';
  return `${method} runs>=${minimumRuns} days>=${minimumDays} pass>=${passRatio}${among}`;
}

/** The rules of a whole month: those of every target. */
export function monthRules(judgements: readonly Judgement[]): string {
  return judgements.map((judgement) => `${judgement.target}: ${rulesOf(judgement)}`).join('; ');
}

/** What one question may ask for: targets whose indicators look at the same runs of lines, in the same villages. Pure. */
export function judgedTogether(judgements: readonly Judgement[]): Judgement[][] {
  const together = new Map<string, Judgement[]>();
  for (const judgement of judgements) {
    const { target, indicator, villageKinds } = judgement;
    const { line } = indicatorNamed(indicator);
    // A target's name has no space in it.
    const key = line ? `${line.from} ${villageKinds.join(' ')}` : target;
    together.set(key, [...(together.get(key) ?? []), judgement]);
  }
  return [...together.values()];
}

/**
 * A question to a month for one target, or for several of {@link judgedTogether}, as rows of `line_month`;
 * its column `line` is the subject, whatever that is.
 */
export function judging(
  month: string,
  run: number,
  { start, end, last }: MonthSpan,
  judgements: readonly Judgement[],
): { readonly question: string; readonly params: Readonly<Record<string, unknown>> } {
  const indicators = judgements.map(({ indicator }) => indicatorNamed(indicator));
  const [first, ...others] = indicators.flatMap(({ line }) => line ?? []);
  const answers =
    first !== undefined
      ? lineQuestion(
          [first, ...others],
          (name) => `{${name}Each:Array(${measured.params[name]})}[nth]`,
        )
      : `SELECT 1 AS nth, * FROM (\n${indicators[0]?.sql}\n)`;
  const each = (name: keyof Judgement['evidence']) =>
    judgements.map(({ evidence }) => evidence[name]);
  return {
    question: `SELECT {month:String} AS month, {run:UInt64} AS run, {targets:Array(String)}[nth] AS target, place, subject AS line, carrier,
    value, passed, runs, newest, {rules:Array(String)}[nth] AS rules
FROM (\n${answers}\n)${AMONG}`,
    params: {
      ...bind(measured.params, { start, end, ...judgements[0]?.evidence }),
      ...{ month, run, last, villageKinds: judgements[0]?.villageKinds },
      targets: judgements.map(({ target }) => target),
      rules: judgements.map(rulesOf),
      minimumRunsEach: each('minimumRuns'),
      minimumDaysEach: each('minimumDays'),
      passRatioEach: each('passRatio'),
    },
  };
}

/** What `rollups/area_month.sql` is asked for these targets. */
export function areasOf(
  month: string,
  run: number,
  { first, last }: MonthSpan,
  judgements: readonly Judgement[],
): RollupParameters<'area_month'> {
  return {
    ...{ month, run, first, last },
    targets: judgements.map(({ target }) => target),
    rules: judgements.map(rulesOf),
    subjects: judgements.map((judgement) => indicatorNamed(judgement.indicator).subject),
    quantiles: judgements.map(
      (judgement) => quantileOf(indicatorNamed(judgement.indicator).kind) ?? 0,
    ),
    villageKinds: judgements.map(({ villageKinds }) => villageKinds),
  };
}

/** The day as of which a month's register counts: its last, or today while it runs. */
const AS_OF = "least({last:Date}, toDate(now(), 'Asia/Shanghai'))";

/** What lies in villages that count for the target, as the register has them at the month's end, or today. */
const AMONG = `
WHERE substring(place, 1, 12) NOT IN (${villagesThat('outside')})
    AND (empty({villageKinds:Array(String)}) OR substring(place, 1, 12) IN (${villagesThat('kind IN {villageKinds:Array(String)}')}))`;

function villagesThat(are: string): string {
  return `SELECT code FROM place_version
    WHERE level = 'village' AND ${are} AND validFrom <= ${AS_OF} AND ${AS_OF} <= validTo`;
}
