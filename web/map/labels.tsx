/** Names on the map: cities from afar, counties within the city looked at. */
import { cities } from '../state.ts';
import { type Box, type County, cityLabel, extent, legible } from './shape.ts';

interface Props {
  counties: readonly County[];
  box: Box;
  /** Width of the whole drawing. */
  whole: number;
  /** The city looked at. */
  city: string | null;
  /** Of the drawing on the screen, CSS pixels. */
  widthPx: number;
}

const LEAST_PX = 11.5;

/** From this share of the drawing on, single counties are wide enough for their names. */
const COUNTY_SCALE = 0.45;

export function Labels({ counties, box, whole, city, widthPx }: Props) {
  const size = box.width * Math.max(1 / 40, LEAST_PX / widthPx);
  const near = box.width / whole < COUNTY_SCALE;
  const texts = near
    ? counties
        .filter((county) => city === null || county.city === city)
        .sort((a, b) => area(b) - area(a))
        .map(({ code, name, label: [x, y] }) => ({ code, name, x, y }))
    : (cities.answer.value?.items ?? []).map(({ area: { code, name } }) => {
        const [x, y] = cityLabel(counties.filter((county) => county.city === code));
        return { code, name: name.replace(/市$/, ''), x, y };
      });
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a group of texts takes no focus; the counties say their names.
    <g class="map-labels" aria-hidden="true" font-size={size} stroke-width={size / 4}>
      {legible(texts, size).map(({ code, name, x, y }) => (
        <text key={code} x={x} y={y} dy="0.35em">
          {name}
        </text>
      ))}
    </g>
  );
}

/** Of the box around a county: the larger keeps its name. */
function area(county: County): number {
  const box = extent([county], 0);
  return box ? box.width * box.height : 0;
}
