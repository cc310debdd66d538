/** Where a row of places says that a place lies. Pure. */
import { type Position, toWgs84 } from './coordinates.ts';
import type { CountyMap } from './county-map.ts';
import type { Event } from './place-events.ts';
import type { PlaceVersion } from './place-history.ts';
import { ancestorCode } from './register.ts';
import type { RowFaults } from './row-faults.ts';

export type Positioned = Pick<PlaceVersion, 'lat' | 'lon' | 'givenLat' | 'givenLon' | 'crs'>;

export const NOWHERE: Positioned = {
  lat: null,
  lon: null,
  givenLat: null,
  givenLon: null,
  crs: '',
};

const POSITION = ['lat', 'lon', 'givenLat', 'givenLon', 'crs'] as const;

/** The outlines are drawn to some 300 m and leave islets out. */
const COUNTY_TOLERANCE_KM = 2;

export function isSamePosition(one: Positioned, other: Positioned): boolean {
  return POSITION.every((key) => one[key] === other[key]);
}

export class PlacePositions {
  readonly #counties: CountyMap;
  readonly #warnings: RowFaults;

  constructor(counties: CountyMap, warnings: RowFaults) {
    this.#counties = counties;
    this.#warnings = warnings;
  }

  /**
   * What the row says of where a place lies, with a warning when that is outside its county; null
   * where it says nothing.
   */
  of({ line, row }: Event, code: string): Positioned | null {
    const { lat, lon, crs } = row;
    if (lat === null || lon === null || crs === null) return null;
    const position = toWgs84({ lat, lon }, crs);
    this.#lookForCounty(line, code, position);
    return { lat: position.lat, lon: position.lon, givenLat: lat, givenLon: lon, crs };
  }

  #lookForCounty(line: number, code: string, position: Position): void {
    const county = ancestorCode(code, 'county');
    if (county === null) return;
    const km = this.#counties.kmOutside(county, position);
    if (km !== null && km > COUNTY_TOLERANCE_KM)
      this.#warnings.add(
        line,
        'lat',
        'position-outside-county',
        `位置在县级区划 ${county} 以外约 ${Math.round(km)} 公里:请核对坐标与坐标系`,
        `lies some ${Math.round(km)} km outside county ${county}: check position and crs`,
        code,
      );
  }
}
