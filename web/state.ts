/** What the page knows: the station's answers to what the address asks. */
import { computed, effect } from '@preact/signals';
import type { ChallengePage } from '../api/contract/challenge.ts';
import type { EditionRow } from '../api/contract/edition.ts';
import type { AreaFigure, Coverage } from '../api/contract/figure.ts';
import type { FilingList } from '../api/contract/filing.ts';
import type { CountyGeometry } from '../api/contract/geometry.ts';
import type { LinePage, MeasurementPage, Series } from '../api/contract/measurement.ts';
import type { Level, Title } from '../api/contract/place.ts';
import type { Overview, Progress } from '../api/contract/target.ts';
import { question, type Range } from './address.ts';
import { hoursSince, monthSpan } from './chart/time-axis.ts';
import { live } from './live.ts';
import { defaultLevel, levelsBelow } from './place.ts';
import { language, say, view, word } from './view.ts';

export const overview = live<Overview>(() =>
  question('/v1/overview', { month: view.value.month, carrier: view.value.carrier }),
);
const known = overview.answer;

effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  const title = known.value?.plan.title;
  document.title = title ? `${word('brand')} · ${say(title)}` : word('brand');
});

export const target = computed(() => {
  const targets = known.value?.targets ?? [];
  return targets.find(({ id }) => id === view.value.target) ?? targets[0] ?? null;
});

/** Of the chosen target in the plan's whole area, as its card says it. */
export const progress = live<Progress>(() =>
  target.value
    ? question('/v1/progress', {
        target: target.value.id,
        month: view.value.month,
        carrier: view.value.carrier,
      })
    : null,
);

const planArea = computed(() => known.value?.plan.area.code ?? null);
export const area = computed(() => view.value.area ?? planArea.value);

export const level = computed<Level | null>(() => {
  if (area.value === null) return null;
  const wanted = view.value.level;
  return wanted && levelsBelow(area.value).includes(wanted) ? wanted : defaultLevel(area.value);
});

/** No target has one observed line: the station is new, or the month is empty. */
export const unproven = computed(
  () => known.value?.targets.every(({ overall }) => overall.figure.observed === 0) ?? false,
);

export const geometry = live<CountyGeometry>(() => '/v1/geometry/counties', true);
export const reports = live<EditionRow[]>(() => '/v1/monthly-reports');

/** Of any target and carrier; the same question while the reader looks about in a month. */
export const challengesQuestion = computed(
  () => known.value && question('/v1/challenges', { month: known.value.month, limit: 1_000 }),
);
export const challenges = live<ChallengePage>(() => challengesQuestion.value);
export const filings = live<FilingList>(() =>
  view.value.tab === 'filings' && known.value
    ? question('/v1/filings', { month: known.value.month })
    : null,
);

/** How many standings behind the chosen target's figure of a place are disputed and not decided; of '': of all. */
export function disputed(within: string): number {
  const { carrier } = view.value;
  return (challenges.answer.value?.items ?? []).filter(
    (one) =>
      one.awaits &&
      one.target === target.value?.id &&
      (carrier === null || one.carrier === carrier) &&
      one.place.code.startsWith(within),
  ).length;
}

function coverageOf(within: string | null, of: Level | null): string | null {
  if (!target.value || within === null || of === null) return null;
  const { month, carrier } = view.value;
  return question('/v1/coverage', { target: target.value.id, within, level: of, month, carrier });
}

/** Of the map: every county of the plan's area. */
export const counties = live<Coverage>(() => coverageOf(planArea.value, 'county'));
/** For the names of the cities. */
export const cities = live<Coverage>(() => coverageOf(planArea.value, 'city'));

const placesQuestion = computed(() => coverageOf(area.value, level.value));
const listed = live<Coverage>(() => {
  const shared = [coverageOf(planArea.value, 'county'), coverageOf(planArea.value, 'city')];
  return shared.includes(placesQuestion.value) ? null : placesQuestion.value;
});
const placesSource = computed(() =>
  placesQuestion.value === coverageOf(planArea.value, 'county')
    ? counties
    : placesQuestion.value === coverageOf(planArea.value, 'city')
      ? cities
      : listed,
);

/** Of the table: the places listed, once they are those asked for. */
export const places = computed(() => {
  const source = placesSource.value;
  return {
    coverage: source.question.value === placesQuestion.value ? source.answer.value : null,
    json: placesQuestion.value,
  };
});

function linesOf(within: string | null): string | null {
  const { month, carrier } = view.value;
  return within && question('/v1/lines', { within, month, carrier, limit: 100 });
}

export const linesQuestion = computed(() => linesOf(area.value));
export const lines = live<LinePage>(() => linesQuestion.value);

/** Looked for in the whole area, since it lies in no particular place. */
const allLines = live<LinePage>(() => (unproven.value ? linesOf(planArea.value) : null));
export const selfTest = computed(() =>
  unproven.value ? (allLines.answer.value?.items.find(({ counted }) => !counted) ?? null) : null,
);

/** Line of the chart; null: the area. A station without evidence shows its own line. */
export const charted = computed(
  () => view.value.line ?? (view.value.area === null ? (selfTest.value?.line ?? null) : null),
);

export const measurementsQuestion = computed(() => {
  const line = view.value.line;
  const filter = line ? { line } : { within: area.value };
  return area.value && question('/v1/measurements', { ...filter, limit: 50, order: 'desc' });
});
export const measurements = live<MeasurementPage>(() =>
  view.value.tab === 'measurements' ? measurementsQuestion.value : null,
);

export interface Plotted {
  readonly metric: string;
  readonly value: string;
  readonly unit: string;
  readonly title: Title;
  readonly metricTitle: Title;
}

/** Every value of every metric, as the chart's menu offers them. */
export const plottable = computed<Plotted[]>(() =>
  (known.value?.metrics ?? []).flatMap(({ name, title: metricTitle, values }) =>
    values.map((value) => ({
      metric: name,
      value: value.name,
      unit: value.unit,
      title: value.title,
      metricTitle,
    })),
  ),
);

export const plotted = computed(() => {
  const all = plottable.value;
  const asked = all.find(({ metric, value }) => `${metric}/${value}` === view.value.value);
  // Unless asked otherwise the first median: it says most of a line at one glance.
  return asked ?? all.find(({ value }) => /median/i.test(value)) ?? all[0] ?? null;
});

/** A month that is over is shown as a whole, the running one by its last day, a new station by its first hour. */
export const range = computed<Range>(() => {
  const [newest] = known.value?.months ?? [];
  if (view.value.range) return view.value.range;
  if (known.value && known.value.month !== newest) return 'month';
  return charted.value !== null && charted.value === selfTest.value?.line ? '1h' : '24h';
});

const HOURS: Readonly<Record<Exclude<Range, 'month'>, number>> = {
  '1h': 1,
  '6h': 6,
  '24h': 24,
  '7d': 168,
};

export const seriesQuestion = computed(() => {
  const chosen = plotted.value;
  if (!chosen || !known.value) return null;
  const line = charted.value;
  const [from] = monthSpan(known.value.month);
  const hours =
    range.value === 'month' ? hoursSince(from, Date.parse(known.value.now)) : HOURS[range.value];
  return question('/v1/series', {
    metric: chosen.metric,
    value: chosen.value,
    line,
    within: line ? null : area.value,
    hours,
  });
});
export const series = live<Series>(() => seriesQuestion.value);

/** Everything that failed last time, each code once. */
export const troubles = computed(() => {
  const all = [
    overview,
    progress,
    geometry,
    reports,
    counties,
    cities,
    listed,
    lines,
    allLines,
    measurements,
    series,
    challenges,
    filings,
  ];
  const found = all.flatMap(({ trouble }) => trouble.value ?? []);
  return found.filter(
    ({ code }, index) => found.findIndex((other) => other.code === code) === index,
  );
});

/** Names of places met so far, for breadcrumbs: code → name. */
export const names = computed(() => {
  const found = new Map<string, string>();
  const note = (items: readonly AreaFigure[] | undefined) => {
    for (const { area: place } of items ?? []) found.set(place.code, place.name);
  };
  for (const { answer } of [cities, counties, listed]) {
    note(answer.value?.items);
    const within = answer.value?.within;
    if (within) found.set(within.code, within.name);
  }
  for (const { place, county } of lines.answer.value?.items ?? [])
    for (const each of [place, county]) if (each) found.set(each.code, each.name);
  const whole = known.value?.plan.area;
  if (whole) found.set(whole.code, whole.name);
  return found;
});
