/**
 * Whether a position lies in its county, by the outlines the page draws. Pure: the drawing is brought
 * along by whoever has it.
 */
import type { Position } from './coordinates.ts';

/** Outlines by code, as SVG paths of `M`, `l` and `z`, y downward. */
export interface CountyDrawing {
  readonly projection: DrawingProjection;
  readonly counties: readonly { readonly code: string; readonly path: string }[];
}

/**
 * Lambert conformal conic on the ellipsoid of WGS 84 (Snyder, Map Projections: A Working Manual,
 * USGS PP 1395, pp. 107–109), with the sphere's pole at (0, 0).
 */
export interface DrawingProjection {
  /** Standard parallels and central meridian, degrees. */
  readonly parallels: readonly [number, number];
  readonly meridian: number;
  /** Units of the drawing in a kilometre, and where the projection's pole lies in the drawing. */
  readonly unitsPerKm: number;
  readonly pole: readonly [x: number, y: number];
}

type Point = readonly [x: number, y: number];

const RADIAN = Math.PI / 180;
/** WGS 84: equatorial radius, km, and first eccentricity. */
const RADIUS_KM = 6378.137;
const ECCENTRICITY = 0.081819190842622;

export class CountyMap {
  readonly #rings = new Map<string, readonly (readonly Point[])[]>();
  readonly #project: (position: Position) => Point;
  readonly #unitsPerKm: number;

  constructor({ projection, counties }: CountyDrawing) {
    for (const { code, path } of counties) this.#rings.set(code, ringsOf(path));
    this.#project = projector(projection);
    this.#unitsPerKm = projection.unitsPerKm;
  }

  /** How far outside a county a position lies, km; 0 within, null where the county is not drawn. */
  kmOutside(county: string, position: Position): number | null {
    const rings = this.#rings.get(county);
    if (!rings) return null;
    const point = this.#project(position);
    // Even-odd: a hole is outside.
    if (rings.filter((ring) => encloses(ring, point)).length % 2 === 1) return 0;
    return Math.min(...rings.map((ring) => distance(ring, point))) / this.#unitsPerKm;
  }
}

function projector({ parallels, meridian, unitsPerKm, pole }: DrawingProjection) {
  const m = (lat: number) => Math.cos(lat) / Math.sqrt(1 - (ECCENTRICITY * Math.sin(lat)) ** 2);
  const t = (lat: number) => {
    const shrink = ECCENTRICITY * Math.sin(lat);
    return Math.tan(Math.PI / 4 - lat / 2) / ((1 - shrink) / (1 + shrink)) ** (ECCENTRICITY / 2);
  };
  const [south, north] = [parallels[0] * RADIAN, parallels[1] * RADIAN];
  const n = Math.log(m(south) / m(north)) / Math.log(t(south) / t(north));
  const scale = (RADIUS_KM * unitsPerKm * m(south)) / (n * t(south) ** n);
  return ({ lat, lon }: Position): Point => {
    const radius = scale * t(lat * RADIAN) ** n;
    const angle = n * (lon - meridian) * RADIAN;
    return [pole[0] + radius * Math.sin(angle), pole[1] + radius * Math.cos(angle)];
  };
}

function ringsOf(path: string): Point[][] {
  const rings: Point[][] = [];
  let at: Point = [0, 0];
  for (const [, command, text = ''] of path.matchAll(/([Ml])([^Mlz]*)/g)) {
    const numbers = (text.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
    if (command === 'M') rings.push([]);
    for (let pair = 0; pair + 1 < numbers.length; pair += 2) {
      const [x, y] = [numbers[pair] as number, numbers[pair + 1] as number];
      at = command === 'M' ? [x, y] : [at[0] + x, at[1] + y];
      rings.at(-1)?.push(at);
    }
  }
  return rings;
}

function encloses(ring: readonly Point[], [x, y]: Point): boolean {
  let inside = false;
  eachEdge(ring, ([ax, ay], [bx, by]) => {
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  });
  return inside;
}

function distance(ring: readonly Point[], [x, y]: Point): number {
  let nearest = Number.POSITIVE_INFINITY;
  eachEdge(ring, ([ax, ay], [bx, by]) => {
    const [dx, dy] = [bx - ax, by - ay];
    const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
    const share = Math.min(1, Math.max(0, along));
    nearest = Math.min(nearest, Math.hypot(x - ax - share * dx, y - ay - share * dy));
  });
  return nearest;
}

function eachEdge(ring: readonly Point[], visit: (from: Point, to: Point) => void): void {
  ring.forEach((from, index) => {
    visit(from, ring[(index + 1) % ring.length] as Point);
  });
}
