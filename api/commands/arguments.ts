/** What is given on the command line, checked once, here. */
import { daySchema, FIRST_DAY } from '../../ingest/days.ts';
import { Fault } from '../../probes/fault.ts';

const MOST_ROWS = 10_000;

/**
 * How many rows to list.
 *
 * @throws Fault `limit-malformed`
 */
export function limitGiven(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_ROWS) return limit;
  throw new Fault(
    'limit-malformed',
    `--limit ${text} 不合要求:请写 1 到 ${MOST_ROWS} 的整数`,
    `--limit ${text} will not do: a whole number from 1 to ${MOST_ROWS}`,
  );
}

/** @throws Fault `day-malformed` */
export function dayGiven(text: string): string {
  const day = daySchema.safeParse(text);
  if (day.success) return day.data;
  throw new Fault(
    'day-malformed',
    `“${text}” 不是 ${FIRST_DAY} 以来的日期:请写 YYYY-MM-DD`,
    `"${text}" is no day since ${FIRST_DAY}: write YYYY-MM-DD`,
  );
}
