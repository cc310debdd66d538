import { describe, expect, it } from 'vitest';
import { horizonOf } from '../../../ingest/horizon.ts';
import { dayOf } from '../../../ingest/month.ts';
import { planRetention } from '../../../sql/retention.ts';

describe('horizonOf', () => {
  it.each([
    ['2026-11-25T15:59:59.999Z', '2026-09-25T16:00:00.000Z'],
    ['2026-11-25T16:00:00.000Z', '2026-09-26T16:00:00.000Z'],
  ])('at %s is %s, the beginning of a day in Shanghai', (now, horizon) => {
    expect(new Date(horizonOf({ successDays: 62 }, null, new Date(now))).toISOString()).toBe(
      horizon,
    );
  });

  it('does not go back behind a day that was trimmed', () => {
    const now = new Date('2026-11-25T04:00:00Z');
    for (const [retired, horizon] of [
      ['2026-11-01', '2026-11-01T16:00:00.000Z'],
      ['2020-01-01', '2026-09-25T16:00:00.000Z'],
    ] as const)
      expect(new Date(horizonOf({ successDays: 62 }, retired, now)).toISOString()).toBe(horizon);
  });

  it('is more than a day later than whatever retention trims, at any hour', () => {
    const retention = { successDays: 62, failureDays: 90 };
    for (let hour = 0; hour < 48; hour++) {
      const now = new Date(Date.parse('2026-11-25T00:30:00Z') + hour * 3_600_000);
      const days = Array.from({ length: 80 }, (_, age) => ({
        table: 'measurement' as const,
        day: dayOf(new Date(now.getTime() - age * 86_400_000)),
        rows: 1,
      }));
      const sealed = new Set(days.map(({ day }) => day.slice(0, 7)));
      const { steps } = planRetention({ days, retired: [], sealed }, retention, dayOf(now));
      const youngest = steps.at(-1)?.day ?? '';
      expect(steps).toHaveLength(80 - 63);
      // The day that is trimmed ends so long before what is taken begins.
      const ends = Date.parse(`${youngest}T00:00:00+08:00`) + 86_400_000;
      expect(horizonOf(retention, null, now) - ends).toBe(2 * 86_400_000);
    }
  });
});
