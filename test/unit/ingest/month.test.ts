import { describe, expect, it } from 'vitest';
import { dayOf, isMonth, monthDays, monthOf, monthSpan, nextMonth } from '../../../ingest/month.ts';

describe('months of the plan', () => {
  it('begin and end at midnight in Shanghai, whatever zone the machine is in', () => {
    expect(monthSpan('2026-11')).toEqual({
      start: new Date('2026-10-31T16:00:00Z'),
      end: new Date('2026-11-30T16:00:00Z'),
    });
  });

  it('are half-open: the last millisecond belongs to the old month, the first to the new', () => {
    expect(monthOf(new Date('2026-10-31T15:59:59.999Z'))).toBe('2026-10');
    expect(monthOf(new Date('2026-10-31T16:00:00.000Z'))).toBe('2026-11');
    expect(dayOf(new Date('2026-12-31T16:00:00.000Z'))).toBe('2027-01-01');
  });

  it('follow one another over the year', () => {
    expect(nextMonth('2026-12')).toBe('2027-01');
    expect(monthDays('2028-02')).toEqual({ first: '2028-02-01', last: '2028-02-29' });
  });

  it.each(['2026-13', '2026-00', '2026-1', '202611', '', '2026-11-01'])('refuse %j', (text) => {
    expect(isMonth(text)).toBe(false);
    expect(() => monthSpan(text)).toThrow(RangeError);
  });
});
