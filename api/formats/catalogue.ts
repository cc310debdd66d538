/** The formats of the monthly report: a new one is a file beside this and a line here. */
import { csv } from './csv.ts';
import { filings } from './filings.ts';
import type { Format } from './format.ts';
import { html } from './html.ts';
import { json } from './json.ts';

export const FORMATS: readonly Format[] = [html, json, csv, filings];
