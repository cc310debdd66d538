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
  /** Which of its rows count, a condition: of their columns, and of `holder`, see {@link withHolders}. */
  readonly runs: string;
  /** Of a line's runs, an aggregate over those that `counts`. */
  readonly value: string;
  /** The column of the line, as it last stood in the month, that the value is taken of; a line without is no row. */
  readonly over: string | null;
  /** Whether a line passes from `passRatio` on; no line of a quantile does. */
  readonly passes: boolean;
}

const SPAN = 'start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}';

/**
 * The question to a month, {start:DateTime64(3)} {end:DateTime64(3)}: a row for each line and indicator,
 * `nth` saying which of them, from 1 on.
 *
 * @param asked all `from` the same
 * @param evidence a parameter of `nth`'s target: its minimum of runs and of days, its `passRatio`
 */
export function lineQuestion(
  asked: readonly [LineIndicator, ...LineIndicator[]],
  evidence: (name: 'minimumRuns' | 'minimumDays' | 'passRatio') => string,
): string {
  const each = (term: (of: LineIndicator, counts: string) => string) =>
    asked.map((of, at) => term(of, `counts${at + 1}`));
  const array = (...[term]: Parameters<typeof each>) => `[${each(term).join(', ')}]`;
  const columns = [...new Set(asked.flatMap(({ over }) => over ?? []))];
  const [{ from }] = asked;
  return `SELECT
    nth, measured.line AS subject, place::String AS place, carrier::String AS carrier,
    amount / base AS value,
    (passes AND value >= ${evidence('passRatio')})::Bool AS passed,
    runs, days, newest
FROM
(
    WITH
        -- A day of the month is a bit: to count them so costs nothing beside the rest.
        bitShiftLeft(toUInt64(1), toDate(start, 'Asia/Shanghai') - toDate({start:DateTime64(3)}, 'Asia/Shanghai')) AS day,
        ${each(({ runs }, counts) => `(${runs}) AS ${counts}`).join(',\n        ')}
    SELECT
        line,
        ${array((_, counts) => `argMaxIf(place, start, ${counts})`)} AS places,
        ${array((_, counts) => `argMaxIf(carrier, start, ${counts})`)} AS carriers,
        ${array(({ value }, counts) => `toFloat64(${value.replaceAll(/\bcounts\b/g, counts)})`)} AS amounts,
        ${array((_, counts) => `countIf(${counts})`)} AS runsOf,
        ${array((_, counts) => `toUInt64(bitCount(groupBitOrIf(day, ${counts})))`)} AS daysOf,
        ${array((_, counts) => `maxIf(received, ${counts})`)} AS newestOf
    FROM ${asked.some(({ runs }) => /\bholder\b/.test(runs)) ? withHolders(from) : from}
    WHERE (${each(({ runs }) => `(${runs})`).join(' OR ')})
        AND ${SPAN}
        AND line NOT IN (SELECT line FROM own_line)
    GROUP BY line
) AS measured
${columns.length > 0 ? registeredLines(columns) : ''}
ARRAY JOIN
    arrayEnumerate(runsOf) AS nth, places AS place, carriers AS carrier, amounts AS amount, runsOf AS runs,
    daysOf AS days, newestOf AS newest, ${array(({ passes }) => String(passes))} AS passes,
    ${array(({ over }) => (over ? `toFloat64(ifNull(registered.${over}, 0))` : '1.'))} AS base
WHERE runs >= greatest(${evidence('minimumRuns')}, 1) AND days >= ${evidence('minimumDays')} AND base > 0`;
}

/** Lines of the month, each as it last stood. */
function registeredLines(columns: readonly string[]): string {
  return `LEFT JOIN
(
    SELECT line, ${columns.join(', ')}
    FROM line_version
    WHERE validFrom <= toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')
        AND validTo >= toDate({start:DateTime64(3)}, 'Asia/Shanghai')
    ORDER BY line, validFrom DESC
    LIMIT 1 BY line
) AS registered ON registered.line = measured.line`;
}

/**
 * The rows with a column `holder`: which carrier had the address, an IPv4 one, on the day it was measured.
 * The entry of the address library that covers it most closely then names it; '' where none covers it,
 * where the closest names no carrier, or where the closest are several that name different ones.
 */
function withHolders(from: string): string {
  return `(
    SELECT looked.*, held.holder AS holder
    FROM ${from} AS looked
    LEFT JOIN
    (
        SELECT address, day, holders[1] AS holder
        FROM
        (
            SELECT
                address, arrayJoin(daysSeen) AS day,
                arrayFilter(entry -> entry.3 <= day AND day <= entry.4, entries) AS covering,
                arrayReverseSort(entry -> entry.1, covering)[1].1 AS closest,
                arrayDistinct(arrayMap(entry -> entry.2, arrayFilter(entry -> entry.1 = closest, covering))) AS holders
            FROM
            (
                -- Of each address, the entries that cover it: one look-up for each length a prefix may have.
                SELECT
                    seen.address AS address, any(seen.daysSeen) AS daysSeen,
                    groupArray((entry.bits, toString(entry.carrier), entry.validFrom, entry.validTo)) AS entries
                FROM
                (
                    SELECT address, daysSeen, toUInt8(arrayJoin(range(96, 129))) AS bits, IPv6CIDRToRange(address, bits).1 AS network
                    FROM
                    (
                        SELECT address, groupUniqArray(toDate(start, 'Asia/Shanghai')) AS daysSeen
                        FROM ${from}
                        WHERE family = 4 AND ${SPAN}
                        GROUP BY address
                    )
                ) AS seen
                INNER JOIN library_prefix_version AS entry ON entry.network = seen.network AND entry.bits = seen.bits
                GROUP BY address
            )
        )
        WHERE length(holders) = 1
    ) AS held ON held.address = looked.address AND held.day = toDate(looked.start, 'Asia/Shanghai')
    WHERE looked.${SPAN.replace('AND start', 'AND looked.start')}
)`;
}
