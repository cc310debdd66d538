/** A place through time, as the API and `tongda register show` tell it. */
import { FOREVER } from '../ingest/days.ts';
import { Refusal } from '../ingest/refusal.ts';
import { ancestorCode } from '../ingest/register.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { Store } from '../sql/store.ts';
import type { PlacePosition, PlaceRecord, PlaceVersionRow } from './contract/register.ts';
import { COUNTY_MAP } from './geometry.ts';

type Version = QueryRow<'place_versions'>;

/**
 * @param store or a reader, whose questions those who ask at once share
 * @throws Refusal `place-unknown` (404)
 */
export async function placeRecord(store: Pick<Store, 'query'>, code: string): Promise<PlaceRecord> {
  const [versions, predecessors, statistics] = await Promise.all([
    // An empty code would ask for every place.
    code === '' ? [] : store.query('place_versions', { place: code }),
    store.query('place_predecessors', { place: code }),
    store.query('place_statistics', { place: code }),
  ]);
  if (versions.length === 0)
    throw new Refusal(
      404,
      'place-unknown',
      `登记册中从未有区划代码 ${code}:请查对代码`,
      `the register never had a place with code ${code}: check the code`,
    );
  return {
    code,
    versions: versions.map(versionRow),
    successors: versions.at(-1)?.successors ?? [],
    predecessors: predecessors.map(({ code: before, ending, validTo }) => ({
      code: before,
      ending,
      lastDay: validTo,
    })),
    statistics,
  };
}

function versionRow(version: Version): PlaceVersionRow {
  const { name, level, parent, kind, validFrom, validTo, ending, successors } = version;
  const { outside, outsideFor, note, source } = version;
  return {
    ...{ name, level, parent, kind, validFrom },
    validTo: validTo === FOREVER ? null : validTo,
    ending: ending || null,
    ...{ successors, outside, outsideFor, note, source },
    position: positionOf(version),
    import: version.import,
  };
}

function positionOf({ code, lat, lon, givenLat, givenLon, crs }: Version): PlacePosition | null {
  if (lat === null || lon === null || givenLat === null || givenLon === null) return null;
  const county = ancestorCode(code, 'county');
  const km = county === null ? null : COUNTY_MAP.kmOutside(county, { lat, lon });
  return {
    ...{ lat, lon, given: { lat: givenLat, lon: givenLon, crs } },
    kmOutsideCounty: km === null ? null : Math.round(km * 10) / 10,
  };
}
