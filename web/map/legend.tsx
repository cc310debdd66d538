/** What the map's colours mean, and how many counties have each. */
import type { AreaFigure } from '../../api/contract/figure.ts';
import type { Target } from '../../api/contract/target.ts';
import { count, number, scaleFor, withUnit } from '../format.ts';
import { word } from '../view.ts';
import { type Bin, binOf } from './bins.ts';
import { Hatches } from './hatches.tsx';
import { paint } from './paint.ts';

interface Props {
  bins: readonly Bin[];
  target: Target;
  items: readonly AreaFigure[];
  /** Codes that have a shape; the others, development zones mostly, are named as missing. */
  drawn: ReadonlySet<string>;
}

export function Legend({ bins, target, items, drawn }: Props) {
  const seen = items.filter(({ area }) => drawn.has(area.code));
  const paints = seen.map((item) => paint(item, bins));
  const of = (name: string) => paints.filter((each) => each === name).length;
  const { unit, kind } = target.overall.figure;
  const scale = scaleFor(unit, kind, target.goal.value);
  const edge = (value: number) => number(value * scale.factor);
  // The bound itself belongs to the good side.
  const [over, under, outermost] =
    target.goal.bound === 'atLeast' ? ['≥', '<', 0] : ['>', '≤', bins.length - 1];
  const goalBin = binOf(target.goal.value, bins);
  return (
    <div class="legend">
      <ol class="legend-bins" aria-label={`${word('counties')}, ${scale.unit}`}>
        {bins.map(({ from, to }, index) => (
          <li key={from} class={index === goalBin ? 'legend-goal' : undefined}>
            <svg class="swatch" width="100%" height="14" aria-hidden="true">
              <rect class={`bin-${index + 1}`} width="100%" height="14" />
            </svg>
            <span class="legend-range">
              {to === Number.POSITIVE_INFINITY
                ? withUnit(`${over} ${edge(from)}`, scale.unit)
                : from <= 0 && index === outermost
                  ? withUnit(`${under} ${edge(to)}`, scale.unit)
                  : `${edge(from)}–${edge(to)}`}
            </span>
            <span class="legend-count">{count(of(`bin-${index + 1}`))}</span>
            {index === goalBin && <span class="legend-flag">{word('goal')}</span>}
          </li>
        ))}
      </ol>
      <svg class="hidden" aria-hidden="true">
        <Hatches id="legend" step={7} />
      </svg>
      <ul class="legend-others">
        {(['insufficient', 'unmeasured'] as const).map((name) => (
          <li key={name}>
            <svg class="swatch" width="28" height="14" aria-hidden="true">
              <rect fill={`url(#legend-${name})`} width="28" height="14" />
            </svg>
            {word(name)} <span class="legend-count">{count(of(name))}</span>
          </li>
        ))}
        {seen.length < items.length && (
          <li>
            {word('notDrawn')} <span class="legend-count">{count(items.length - seen.length)}</span>
          </li>
        )}
      </ul>
    </div>
  );
}
