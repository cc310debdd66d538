/** The document itself, byte for byte as it was hashed. */
import { canonicalJson } from '../canonical.ts';
import type { Format } from './format.ts';

export const json: Format = {
  extension: 'json',
  contentType: 'application/json; charset=utf-8',
  draw: canonicalJson,
};
