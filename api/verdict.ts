/** The verdict on one target in one area and month: from an interval, never from a point. */
import type { Interval, Verdict } from './contract/figure.ts';
import type { Title } from './contract/place.ts';
import type { Goal } from './contract/target.ts';

/**
 * @param interval of the figure; null where there is none
 * @param goal in the figure's unit
 * @param observed subjects with evidence
 * @param minimumObserved below which the plan allows no judgement
 */
export function verdictOf(
  interval: Interval | null,
  { bound, value }: Pick<Goal, 'bound' | 'value'>,
  observed: number,
  minimumObserved: number,
): Verdict {
  if (interval === null || observed < minimumObserved) return 'insufficient';
  const { low, high } = interval;
  if (bound === 'atLeast' ? low >= value : high <= value) return 'met';
  if (bound === 'atLeast' ? high < value : low > value) return 'missed';
  return 'undecided';
}

export const VERDICT_TITLES: Readonly<Record<Verdict, Title>> = {
  met: { zh: '达标', en: 'met' },
  missed: { zh: '未达标', en: 'missed' },
  undecided: { zh: '未定', en: 'undecided' },
  insufficient: { zh: '样本不足', en: 'insufficient' },
};
