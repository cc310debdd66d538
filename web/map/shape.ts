/** Geometry of the drawn counties: borders, extents, neighbours. Pure. */
import type { CountyGeometry } from '../../api/contract/geometry.ts';

export type Point = readonly [x: number, y: number];
export type County = CountyGeometry['counties'][number];

/** `x, y, width, height` in the drawing's units, as of an SVG viewBox. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const COMMAND = /([Mmlz])([^Mmlz]*)/g;
const NUMBER = /-?\d+(?:\.\d+)?/g;

/** Closed rings of a path made of `M`, `m`, `l` and `z`, the only commands of the geometry file. */
export function rings(path: string): Point[][] {
  const found: Point[][] = [];
  let [x, y] = [0, 0];
  for (const [, command = '', text = ''] of path.matchAll(COMMAND)) {
    if (command === 'z') {
      [x, y] = found.at(-1)?.[0] ?? [x, y];
      continue;
    }
    const numbers = (text.match(NUMBER) ?? []).map(Number);
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      const absolute = command === 'M' && index === 0;
      x = (absolute ? 0 : x) + (numbers[index] ?? 0);
      y = (absolute ? 0 : y) + (numbers[index + 1] ?? 0);
      if (command !== 'l' && index === 0) found.push([]);
      found.at(-1)?.push([x, y]);
    }
  }
  return found;
}

/**
 * One path of all edges between two cities and on the outside. Neighbours share their vertices to
 * the last digit, so an edge met twice within one city is inner and left out.
 */
export function cityBorders(counties: readonly County[]): string {
  const edges = new Map<string, { from: Point; to: Point; cities: string[] }>();
  for (const { path, city } of counties)
    for (const ring of rings(path))
      ring.forEach((from, index) => {
        const to = ring[(index + 1) % ring.length] ?? from;
        const key = [from.join(), to.join()].sort().join(' ');
        const edge = edges.get(key);
        if (edge) edge.cities.push(city);
        else edges.set(key, { from, to, cities: [city] });
      });
  return [...edges.values()]
    .filter(({ cities: [first, second] }) => first !== second)
    .map(({ from, to }) => `M${from.join(' ')}L${to.join(' ')}`)
    .join('');
}

/** The smallest box around counties, with a margin as a share of its longer side. */
export function extent(counties: readonly County[], margin: number): Box | null {
  const points = counties.flatMap(({ path }) => rings(path).flat());
  if (points.length === 0) return null;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const around = margin * Math.max(width, height);
  return {
    x: left - around,
    y: top - around,
    width: width + 2 * around,
    height: height + 2 * around,
  };
}

/** Where a city's name stands: the mean of its counties' labels, weighted by their extents. */
export function cityLabel(counties: readonly County[]): Point {
  let [x, y, total] = [0, 0, 0];
  for (const county of counties) {
    const box = extent([county], 0);
    const weight = box ? box.width * box.height : 0;
    x += county.label[0] * weight;
    y += county.label[1] * weight;
    total += weight;
  }
  return total === 0 ? [0, 0] : [x / total, y / total];
}

export interface Label {
  readonly code: string;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Those labels, in the order given, that overlap none before them. One character is `size` wide and high. */
export function legible(labels: readonly Label[], size: number): Label[] {
  const kept: Label[] = [];
  for (const label of labels) {
    const free = kept.every(
      ({ name, x, y }) =>
        Math.abs(x - label.x) > (size * (name.length + label.name.length)) / 2 ||
        Math.abs(y - label.y) > size * 1.1,
    );
    if (free) kept.push(label);
  }
  return kept;
}

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The nearest county in the direction of an arrow key, off-axis distance counted double; null for none. */
export function neighbour(from: County, key: string, counties: readonly County[]): County | null {
  const direction = DIRECTIONS[key];
  if (!direction) return null;
  const [ux, uy] = direction;
  let best: County | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const county of counties) {
    const [dx, dy] = [county.label[0] - from.label[0], county.label[1] - from.label[1]];
    const along = dx * ux + dy * uy;
    const aside = Math.abs(dx * uy - dy * ux);
    if (along <= 0 || aside > 2 * along) continue;
    const distance = along + 2 * aside;
    if (distance < least) [best, least] = [county, distance];
  }
  return best;
}
