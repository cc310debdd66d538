/** What many answers share: titles in both languages, levels, places. */

/** Chinese first, English second. */
export interface Title {
  zh: string;
  en: string;
}

export type Level = 'province' | 'city' | 'county' | 'township' | 'village' | 'hamlet';

export interface Place {
  code: string;
  name: string;
  level: Level;
}
