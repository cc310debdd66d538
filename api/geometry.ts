/** County outlines as SVG paths: drawings of a replaceable file, keyed by code, never by name. */
import { readFileSync } from 'node:fs';
import { CountyMap } from '../ingest/county-map.ts';
import type { CountyGeometry } from './contract/geometry.ts';

export const COUNTIES: CountyGeometry = JSON.parse(
  readFileSync(new URL('./jiangsu-counties.json', import.meta.url), 'utf8'),
);

/** The same outlines, to hold positions against. */
export const COUNTY_MAP = new CountyMap(COUNTIES);
