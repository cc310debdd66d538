import gcoord from 'gcoord';
import { describe, expect, it } from 'vitest';
import { COUNTIES, COUNTY_MAP } from '../../../api/geometry.ts';
import { type Position, toWgs84 } from '../../../ingest/coordinates.ts';
import { CountyMap } from '../../../ingest/county-map.ts';
import { chance } from '../../chance.ts';

const METRE_DEG = 1 / 111_000;

describe('toWgs84', () => {
  // Published by wandergis/coordtransform, README: one point in all three systems.
  it.each([
    ['GCJ02', 39.91640428150164, 116.41024449916938],
    ['BD09', 39.922699552216216, 116.41662724378733],
    ['WGS84', 39.915, 116.404],
    ['CGCS2000', 39.915, 116.404],
  ] as const)('takes the published point of %s to within a metre', (crs, lat, lon) => {
    const found = toWgs84({ lat, lon }, crs);
    expect(Math.abs(found.lat - 39.915)).toBeLessThan(METRE_DEG);
    expect(Math.abs(found.lon - 116.404)).toBeLessThan(METRE_DEG);
  });

  it('comes back from where a position of Jiangsu was shifted to', () => {
    const random = chance(20261125);
    const convert = (gcoord as unknown as typeof gcoord.default).transform;
    const systems = gcoord as unknown as typeof gcoord.default;
    for (let round = 0; round < 500; round++) {
      const at: Position = { lat: 30.8 + random.next() * 4.3, lon: 116.4 + random.next() * 5.5 };
      for (const crs of ['GCJ02', 'BD09'] as const) {
        const [lon, lat] = convert([at.lon, at.lat], systems.WGS84, systems[crs]);
        expect(Math.hypot(lat - at.lat, lon - at.lon)).toBeGreaterThan(100 * METRE_DEG);
        const back = toWgs84({ lat, lon }, crs);
        expect(Math.hypot(back.lat - at.lat, back.lon - at.lon)).toBeLessThan(2 * METRE_DEG);
      }
    }
  });
});

describe('the map of counties', () => {
  // Seats of county governments, WGS 84, to a hundredth of a degree.
  it.each([
    ['320102', { lat: 32.05, lon: 118.79 }],
    ['320506', { lat: 31.26, lon: 120.63 }],
    ['320703', { lat: 34.65, lon: 119.34 }],
    ['320322', { lat: 34.72, lon: 116.94 }],
    ['320681', { lat: 31.81, lon: 121.66 }],
  ])('finds the seat of %s within it', (county, position) => {
    expect(COUNTY_MAP.kmOutside(county, position)).toBeLessThan(1);
  });

  it('says how far outside another one a position lies', () => {
    const nanjing = { lat: 32.05, lon: 118.79 };
    // Nanjing to the border of Gusu, Suzhou: some 180 km.
    const km = COUNTY_MAP.kmOutside('320508', nanjing) ?? 0;
    expect(km).toBeGreaterThan(170);
    expect(km).toBeLessThan(200);
    expect(COUNTY_MAP.kmOutside('110101', nanjing)).toBeNull();
  });

  it('sees a hole as outside', () => {
    const { projection } = COUNTIES;
    const probe = (x: number, y: number) =>
      `M${x - 20} ${y - 20}l40 0 0 40-40 0zM${x - 5} ${y - 5}l10 0 0 10-10 0z`;
    // The central meridian is a straight line down the drawing: there x is the pole's.
    const whole = new CountyMap({
      projection,
      counties: [{ code: '1', path: probe(projection.pole[0], 1300) }],
    });
    const distances = Array.from({ length: 60 }, (_, step) =>
      whole.kmOutside('1', { lat: 31.9 + step * 0.005, lon: 119 }),
    );
    const within = distances.map((km) => km === 0);
    // Outside, within, in the hole, within again, outside.
    expect(within.filter((one, at) => at > 0 && one !== within[at - 1])).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
