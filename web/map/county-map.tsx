/**
 * The counties as SVG: choropleth, tooltip, keyboard and zoom.
 *
 * One county is in the tab order; arrow keys move on from there. In SVG it must be `tabindex`:
 * Preact sets `tabIndex` as a property that SVG elements do not have.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { AreaFigure, Coverage } from '../../api/contract/figure.ts';
import type { CountyGeometry } from '../../api/contract/geometry.ts';
import type { Goal } from '../../api/contract/target.ts';
import { count, figure as printFigure } from '../format.ts';
import { standingWord } from '../verdict.tsx';
import { go, say, word } from '../view.ts';
import { SENTENCES } from '../words.ts';
import type { Bin } from './bins.ts';
import { Hatches } from './hatches.tsx';
import { Labels } from './labels.tsx';
import { paint } from './paint.ts';
import { type County, cityBorders, extent, neighbour } from './shape.ts';
import { Tooltip } from './tooltip.tsx';
import { useViewBox } from './use-view-box.ts';

interface Props {
  drawing: CountyGeometry;
  /** null while it is on its way: everything is drawn, nothing is coloured. */
  coverage: Coverage | null;
  bins: readonly Bin[];
  goal: Goal;
  /** Code of the area looked at. */
  selected: string | null;
}

export function CountyMap({ drawing, coverage, bins, goal, selected }: Props) {
  const { counties } = drawing;
  const items = useMemo(
    () => new Map(coverage?.items.map((item) => [item.area.code, item])),
    [coverage],
  );
  const borders = useMemo(() => cityBorders(counties), [counties]);
  const svg = useRef<SVGSVGElement>(null);
  const { box, show, closer, move } = useViewBox(svg, drawing);
  const [active, setActive] = useState<County | null>(null);
  const [pointed, setPointed] = useState<County | null>(null);

  const inArea = selected
    ? counties.filter(({ code, city }) => code === selected.slice(0, 6) || city === selected)
    : [];
  const city = selected && selected.length >= 4 ? selected.slice(0, 4) : null;
  useEffect(() => {
    show(
      city
        ? extent(
            counties.filter((county) => county.city === city),
            0.12,
          )
        : null,
    );
  }, [city, counties]);

  const choose = (code: string) => go({ area: code, level: null, line: null }, true);
  const tabStop = active ?? inArea[0] ?? counties[0];

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = tabStop && neighbour(tabStop, event.key, counties);
    if (next) {
      setActive(next);
      svg.current?.querySelector<SVGElement>(`[data-code="${next.code}"]`)?.focus();
    } else if ((event.key === 'Enter' || event.key === ' ') && tabStop) choose(tabStop.code);
    else if (event.key === '+' || event.key === '=') closer(0.6);
    else if (event.key === '-') closer(1 / 0.6);
    else if (event.key === 'Escape') go({ area: null, level: null, line: null }, true);
    else return;
    event.preventDefault();
  };

  const shown = pointed ?? active;
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: SVG has no fieldset. */}
      <svg
        ref={svg}
        class="map"
        viewBox={`${box.x} ${box.y} ${box.width} ${box.height}`}
        role="group"
        aria-label={`${word('map')}. ${word('mapHelp')}`}
        onKeyDown={onKeyDown}
        onPointerLeave={() => setPointed(null)}
        onPointerDown={move}
      >
        <Hatches id="map" step={box.width / 72} />
        <g>
          {counties.map((county) => (
            // biome-ignore lint/a11y/useSemanticElements: SVG has no button.
            <path
              key={county.code}
              d={county.path}
              data-code={county.code}
              class={`county ${coverage ? `fill-${paint(items.get(county.code), bins)}` : 'fill-waiting'}`}
              role="button"
              tabindex={county === tabStop ? 0 : -1}
              aria-label={describe(county, items.get(county.code), goal)}
              aria-pressed={county.code === selected}
              onClick={() => choose(county.code)}
              onFocus={() => setActive(county)}
              onBlur={() => setActive(null)}
              onPointerEnter={() => setPointed(county)}
            />
          ))}
        </g>
        <path class="city-border" d={borders} />
        {inArea.length > 0 && (
          <path class="selection" d={inArea.length === 1 ? inArea[0]?.path : cityBorders(inArea)} />
        )}
        {shown && <path class="pointed" d={shown.path} />}
        <Labels
          counties={counties}
          box={box}
          whole={drawing.width}
          city={city}
          widthPx={svg.current?.clientWidth || 600}
        />
      </svg>
      <fieldset class="zoom">
        <legend class="hidden">{word('map')}</legend>
        <button type="button" aria-label={word('zoomIn')} onClick={() => closer(0.6)}>
          +
        </button>
        <button type="button" aria-label={word('zoomOut')} onClick={() => closer(1 / 0.6)}>
          −
        </button>
        <button type="button" aria-label={word('zoomReset')} onClick={() => show(null)}>
          ⤢
        </button>
      </fieldset>
      {shown && <Tooltip county={shown} item={items.get(shown.code)} goal={goal} box={box} />}
    </>
  );
}

/** What a screen reader says of a county. */
function describe(county: County, item: AreaFigure | undefined, goal: Goal): string {
  if (!item) return county.name;
  const { value, unit, kind, observed, registered, subject } = item.figure;
  const text = value === null ? '' : `${printFigure(value, unit, kind, goal.value, goal.bound)}, `;
  return `${county.name}: ${text}${standingWord(item)}, ${say(SENTENCES.observed(subject))} ${count(observed)} / ${count(registered)}`;
}
