/** The one way a document is written before it is hashed: keys sorted, two spaces, a final newline. */
import { createHash } from 'node:crypto';

export function canonicalJson(document: unknown): string {
  return `${JSON.stringify(document, sortKeys, 2)}\n`;
}

/** Hex SHA-256 of the canonical form. */
export function documentHash(document: unknown): string {
  return createHash('sha256').update(canonicalJson(document)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
