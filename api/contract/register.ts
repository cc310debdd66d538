/** The register of places, and files brought in. */
import type { Level } from './place.ts';

/** What a place of the register was from one day to another. */
export interface PlaceVersionRow {
  name: string;
  level: Level;
  parent: string;
  kind: string;
  /** `YYYY-MM-DD`, both inclusive; null: until something becomes of it. */
  validFrom: string;
  validTo: string | null;
  /** What became of it the day after: an action of `tongda register import places`; null: nothing. */
  ending: string | null;
  successors: string[];
  /** Served from a neighbouring province: in no denominator. */
  outside: boolean;
  /** The carriers, by code, of whom alone that is so. */
  outsideFor: readonly string[];
  note: string;
  source: string;
  position: PlacePosition | null;
  /** Its import; '' where it is older than imports. */
  import: string;
}

/** WGS 84, degrees, beside what was given. */
export interface PlacePosition {
  lat: number;
  lon: number;
  given: { lat: number; lon: number; crs: string };
  /** How far outside its county's outline, km, 0 within; null where there is no outline. */
  kmOutsideCounty: number | null;
}

/** `GET /v1/register/places/CODE`: a place through time, the oldest version first. */
export interface PlaceRecord {
  code: string;
  versions: PlaceVersionRow[];
  /** What it became in the end; empty while it is there. */
  successors: string[];
  predecessors: { code: string; ending: string; lastDay: string }[];
  /** Counts of people, the latest year first. */
  statistics: {
    asOf: number;
    residents: number | null;
    households: number | null;
    source: string;
    import: string;
  }[];
}

/** `GET /v1/register/imports?kind=places|lines|probes&limit=100`: files brought in, latest first. */
export interface ImportRow {
  import: string;
  kind: string;
  file: string;
  sha256: string;
  sizeB: number;
  rows: number;
  by: string;
  note: string;
  at: string;
}

export interface ImportList {
  items: ImportRow[];
}
