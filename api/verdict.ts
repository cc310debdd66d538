/** The verdict on one target in one area and month: from an interval, never from a point. */
import type { Interval, Verdict } from './contract/figure.ts';
import type { Title } from './contract/place.ts';

/**
 * @param interval of the figure; null where there is none
 * @param atLeast the goal, in the figure's unit
 * @param observed lines with evidence
 * @param minimumLines below which the plan allows no judgement
 */
export function verdictOf(
  interval: Interval | null,
  atLeast: number,
  observed: number,
  minimumLines: number,
): Verdict {
  if (interval === null || observed < minimumLines) return 'insufficient';
  if (interval.low >= atLeast) return 'met';
  if (interval.high < atLeast) return 'missed';
  return 'undecided';
}

export const VERDICT_TITLES: Readonly<Record<Verdict, Title>> = {
  met: { zh: '达标', en: 'met' },
  missed: { zh: '未达标', en: 'missed' },
  undecided: { zh: '未定', en: 'undecided' },
  insufficient: { zh: '样本不足', en: 'insufficient' },
};
