import { describe, expect, it } from 'vitest';
import { dayAfter, dayBefore, daySchema, FIRST_DAY, FOREVER } from '../../../ingest/days.ts';

describe('days', () => {
  it.each([
    ['2026-02-28', '2026-03-01'],
    ['2028-02-28', '2028-02-29'],
    ['2026-12-31', '2027-01-01'],
  ])('%s is followed by %s', (day, next) => {
    expect([dayAfter(day), dayBefore(next)]).toEqual([next, day]);
  });

  it.each([
    [FIRST_DAY, true],
    [FOREVER, true],
    ['1969-12-31', false],
    ['2149-06-07', false],
    ['2026-02-29', false],
    ['2026-1-1', false],
    ['', false],
  ])('%s can be stored: %s', (day, can) => {
    expect(daySchema.safeParse(day).success).toBe(can);
  });
});
