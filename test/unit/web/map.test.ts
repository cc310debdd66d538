import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { AreaFigure } from '../../../api/contract/figure.ts';
import type { CountyGeometry } from '../../../api/contract/geometry.ts';
import { binOf, binsFor } from '../../../web/map/bins.ts';
import { paint } from '../../../web/map/paint.ts';
import { cityBorders, extent, legible, neighbour, rings } from '../../../web/map/shape.ts';
import { framed, pan, zoomAt } from '../../../web/map/zoom.ts';

const drawing: CountyGeometry = JSON.parse(
  readFileSync(new URL('../../../api/jiangsu-counties.json', import.meta.url), 'utf8'),
);
const { counties } = drawing;
const whole = { x: 0, y: 0, width: drawing.width, height: drawing.height };
const byCode = (code: string) => {
  const found = counties.find((county) => county.code === code);
  if (!found) throw new Error(`no county ${code}`);
  return found;
};

const atLeast = (value: number) => ({ bound: 'atLeast', value }) as const;

describe('classes of the map', () => {
  it.each([
    [0.95, '1', 3],
    [0.3, '1', 3],
    [1, '1', 4],
    [2e7, 'bit/s', 3],
    [4e6, 'bit/s', 3],
  ] as const)('five, rising, cut exactly at a goal of %d', (goal, unit, below) => {
    const bins = binsFor(atLeast(goal), unit);
    expect(bins).toHaveLength(5);
    expect(bins.map(({ from }) => from)).toEqual(
      [...bins.map(({ from }) => from)].sort((a, b) => a - b),
    );
    expect(new Set(bins.map(({ from }) => from)).size).toBe(5);
    expect(bins.filter(({ reachesGoal }) => !reachesGoal)).toHaveLength(below);
    expect(bins.find(({ reachesGoal }) => reachesGoal)?.from).toBe(goal);
  });

  it('puts the goal itself on the good side and the last value before it on the other', () => {
    const bins = binsFor(atLeast(0.95), '1');
    expect(bins[binOf(0.95, bins)]?.reachesGoal).toBe(true);
    expect(bins[binOf(0.95 - 1e-9, bins)]?.reachesGoal).toBe(false);
  });

  it.each([
    [100, 'ms'],
    [0.01, '1'],
  ])('five, the worst first, cut exactly at an upper goal of %d', (goal, unit) => {
    const bins = binsFor({ bound: 'atMost', value: goal }, unit);
    expect(bins).toHaveLength(5);
    expect(bins.filter(({ reachesGoal }) => reachesGoal)).toEqual(bins.slice(3));
    expect(binOf(goal, bins)).toBe(3);
    expect(binOf(goal * 1.0001, bins)).toBe(2);
    expect(binOf(goal * 9, bins)).toBe(0);
    expect(binOf(-goal, bins)).toBe(4);
  });

  it('has a class for what passes 100%', () => {
    expect(binOf(1.24, binsFor(atLeast(0.95), '1'))).toBe(4);
  });
});

describe('paint', () => {
  const item = (verdict: AreaFigure['verdict'], observed: number, value: number | null) =>
    ({ verdict, figure: { observed, value } }) as AreaFigure;
  const bins = binsFor(atLeast(0.95), '1');

  it('colours only what has a verdict to stand behind it', () => {
    expect(paint(item('met', 90, 1), bins)).toBe('bin-5');
    expect(paint(item('undecided', 9, 0.95), bins)).toBe('bin-4');
    expect(paint(item('insufficient', 2, 1), bins)).toBe('insufficient');
    expect(paint(item('insufficient', 0, null), bins)).toBe('unmeasured');
    expect(paint(undefined, bins)).toBe('unmeasured');
  });
});

describe('county shapes', () => {
  it('are all 95 of the province, keyed by code, though two share a name', () => {
    expect(new Set(counties.map(({ code }) => code)).size).toBe(95);
    expect(counties.filter(({ name }) => name === '鼓楼区').map(({ city }) => city)).toEqual([
      '3201',
      '3203',
    ]);
    expect(new Set(counties.map(({ city }) => city)).size).toBe(13);
  });

  it('read as closed rings in absolute points', () => {
    expect(rings('M10 20l5 0 0-5zM1 1l2 2-2 0z')).toEqual([
      [
        [10, 20],
        [15, 20],
        [15, 15],
      ],
      [
        [1, 1],
        [3, 3],
        [1, 3],
      ],
    ]);
  });

  it('hold their own labels', () => {
    for (const { code, path, label } of counties) {
      const [x, y] = label;
      const crossings = rings(path)
        .flatMap((ring) =>
          ring.map((from, index) => [from, ring[(index + 1) % ring.length] ?? from] as const),
        )
        .filter(
          ([[x1, y1], [x2, y2]]) =>
            y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1,
        );
      expect(crossings.length % 2, code).toBe(1);
    }
  });

  it('share every inner border to the last digit, so that no gap shows', () => {
    const owners = new Map<string, number>();
    for (const { path } of counties)
      for (const ring of rings(path))
        ring.forEach((from, index) => {
          const key = [from.join(), (ring[(index + 1) % ring.length] ?? from).join()]
            .sort()
            .join(' ');
          owners.set(key, (owners.get(key) ?? 0) + 1);
        });
    expect([...owners.values()].filter((count) => count > 2)).toEqual([]);
    // Jiangsu's land border and coast: far fewer edges than lie between counties.
    const outer = [...owners.values()].filter((count) => count === 1).length;
    expect(outer / owners.size).toBeLessThan(0.35);
  });

  it('draw city borders without the borders inside a city', () => {
    const square = (x: number, city: string) => ({
      code: String(x),
      name: '',
      city,
      path: `M${x} 0l10 0 0 10-10 0z`,
      label: [x + 5, 5] as [number, number],
    });
    const borders = cityBorders([square(0, 'a'), square(10, 'a'), square(20, 'b')]);
    expect(borders).not.toContain('M10 0L10 10');
    expect(borders).not.toContain('M10 10L10 0');
    expect(borders).toContain('M20 0L20 10');
    expect(borders.match(/M/g)).toHaveLength(9);
  });
});

describe('arrow keys', () => {
  it('reach every county from every other', () => {
    const reached = new Set([counties[0]]);
    for (const county of reached)
      for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']) {
        const next = county && neighbour(county, key, counties);
        if (next) reached.add(next);
      }
    expect(reached.size).toBe(95);
  });

  it('go the way they point, and nowhere beyond the edge', () => {
    const xuzhou = byCode('320321');
    expect(neighbour(xuzhou, 'ArrowRight', counties)?.label[0]).toBeGreaterThan(xuzhou.label[0]);
    expect(neighbour(xuzhou, 'ArrowLeft', counties)).toBeNull();
    expect(neighbour(xuzhou, 'Enter', counties)).toBeNull();
  });
});

describe('zoom', () => {
  it('holds the point under the pointer', () => {
    const box = zoomAt(whole, [500, 600], 0.5, whole);
    expect((500 - box.x) / box.width).toBeCloseTo(500 / whole.width);
    expect((600 - box.y) / box.height).toBeCloseTo(600 / whole.height);
  });

  it('keeps the proportions, shows a city whole, and never leaves the drawing', () => {
    const city = extent(
      counties.filter((county) => county.city === '3201'),
      0.1,
    );
    if (!city) throw new Error('Nanjing has no extent');
    const box = framed(city, whole);
    expect(box.width / box.height).toBeCloseTo(whole.width / whole.height);
    expect(box.width).toBeGreaterThanOrEqual(city.width);
    expect(box.height).toBeGreaterThanOrEqual(city.height);
    expect(zoomAt(box, [0, 0], 100, whole)).toEqual(whole);
    const far = pan(box, 99, 99, whole);
    expect(far.x + far.width).toBeCloseTo(whole.width);
    expect(far.y + far.height).toBeCloseTo(whole.height);
  });

  it('leaves out names that would overlap, the later ones', () => {
    const names = [
      { code: '1', name: '玄武区', x: 0, y: 0 },
      { code: '2', name: '秦淮区', x: 20, y: 0 },
      { code: '3', name: '六合区', x: 0, y: 20 },
    ];
    expect(legible(names, 10).map(({ code }) => code)).toEqual(['1', '3']);
  });
});
