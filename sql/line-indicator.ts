/**
 * Indicators of lines that differ in nothing but which runs count and what a line's value is of them: one
 * question, of one of them or of several at once, so that a month's runs are read once for all who look at
 * them. The file of such an indicator is its head alone:
 *
 * ```
 * -- from:  metric_throughput
 * -- runs:  family = 4 AND rateDownBps IS NOT NULL
 * -- value: quantileExactInclusiveIf(0.5)(assumeNotNull(rateDownBps), counts)
 * -- over:  subscribedDownBps
 * ```
 *
 * A line's place and carrier are those of its latest run that counts; it is a row when it has the
 * evidence that the target asks for. The station's own lines are left out.
 */

export interface LineIndicator {
  /** A metric's view, or `measurement FINAL`. */
  readonly from: string;
  /** Which of its rows count, a condition. */
  readonly runs: string;
  /** Of a line's runs, an aggregate over those that `counts`. */
  readonly value: string;
  /** The column of the line, as it last stood in the month, that the value is taken of; lines without are no rows. */
  readonly over: string | null;
  /** Whether a line passes from `passRatio` on; no line of a quantile does. */
  readonly passes: boolean;
}

/**
 * The question to a month, {start:DateTime64(3)} {end:DateTime64(3)}: a row for each line and indicator,
 * `nth` saying which of them, from 1 on.
 *
 * @param asked all `from` the same
 * @param evidence a parameter of `nth`'s target: its minimum of runs and of days, its `passRatio`
 */
export function lineQuestion(
  asked: readonly LineIndicator[],
  evidence: (name: 'minimumRuns' | 'minimumDays' | 'passRatio') => string,
): string {
  const list = (term: (of: LineIndicator, counts: string) => string) =>
    asked.map((of, at) => term(of, `counts${at + 1}`)).join(', ');
  const array = (...terms: Parameters<typeof list>) => `[${list(...terms)}]`;
  const over = asked.find((of) => of.over !== null)?.over;
  return `SELECT
    nth, measured.line AS subject, place::String AS place, carrier::String AS carrier,
    ${over ? `amount / if(isOver, assumeNotNull(registered.${over}), 1)` : 'amount'} AS value,
    (passes AND value >= ${evidence('passRatio')})::Bool AS passed,
    runs, days, newest
FROM
(
    WITH ${list(({ runs }, counts) => `(${runs}) AS ${counts}`)}
    SELECT
        line,
        ${array((_, counts) => `argMaxIf(place, start, ${counts})`)} AS places,
        ${array((_, counts) => `argMaxIf(carrier, start, ${counts})`)} AS carriers,
        ${array(({ value }, counts) => `toFloat64(${value.replaceAll(/\bcounts\b/g, counts)})`)} AS amounts,
        ${array((_, counts) => `countIf(${counts})`)} AS runsOf,
        ${array((_, counts) => `uniqExactIf(toDate(start, 'Asia/Shanghai'), ${counts})`)} AS daysOf,
        ${array((_, counts) => `maxIf(received, ${counts})`)} AS newestOf
    FROM ${asked[0]?.from}
    WHERE (${asked.map(({ runs }) => `(${runs})`).join(' OR ')})
        AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
        AND line NOT IN (SELECT line FROM own_line)
    GROUP BY line
) AS measured
${over ? registeredLines(over) : ''}
ARRAY JOIN
    arrayEnumerate(runsOf) AS nth, places AS place, carriers AS carrier, amounts AS amount, runsOf AS runs,
    daysOf AS days, newestOf AS newest, ${array(({ passes }) => String(passes))} AS passes,
    ${array((of) => String(of.over !== null))} AS isOver
WHERE runs >= greatest(${evidence('minimumRuns')}, 1) AND days >= ${evidence('minimumDays')}
    ${over ? `AND (NOT isOver OR registered.${over} > 0)` : ''}`;
}

/** Lines of the month, each as it last stood. */
function registeredLines(column: string): string {
  return `LEFT JOIN
(
    SELECT line, ${column}
    FROM line_version
    WHERE validFrom <= toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')
        AND validTo >= toDate({start:DateTime64(3)}, 'Asia/Shanghai')
    ORDER BY line, validFrom DESC
    LIMIT 1 BY line
) AS registered ON registered.line = measured.line`;
}
