/**
 * Positions as Chinese maps give them, in WGS 84. GCJ-02 (what maps published in China must use) and
 * BD-09 (Baidu's, over GCJ-02) are shifted by some 100…1,000 m; gcoord knows by how much. CGCS2000,
 * the national system since 2008, is within centimetres of WGS 84 and is taken as it is.
 */
import commonjs from 'gcoord';

// Its types promise a default export within, its code has none.
const gcoord = commonjs as unknown as typeof commonjs.default;

export const REFERENCE_SYSTEMS = ['WGS84', 'CGCS2000', 'GCJ02', 'BD09'] as const;
export type ReferenceSystem = (typeof REFERENCE_SYSTEMS)[number];

/** Degrees. */
export interface Position {
  readonly lat: number;
  readonly lon: number;
}

/** 1 cm on the ground: finer digits are the arithmetic's and not the survey's. */
const DIGITS = 7;

export function toWgs84({ lat, lon }: Position, crs: ReferenceSystem): Position {
  if (crs === 'WGS84' || crs === 'CGCS2000') return { lat, lon };
  const [x, y] = gcoord.transform([lon, lat], gcoord[crs], gcoord.WGS84);
  return { lat: Number(y.toFixed(DIGITS)), lon: Number(x.toFixed(DIGITS)) };
}
