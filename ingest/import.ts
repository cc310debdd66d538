/**
 * Bringing a file in, whole or not at all: read and checked first, its rows stored under the import's
 * name, and the import noted last. Readers count rows of noted imports only.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { InsertName, InsertOf } from '../sql/rows.ts';
import type { Store } from '../sql/store.ts';
import type { RowFault } from './table-file.ts';

/** Where a file comes from and who answers for it. */
export interface Origin {
  /** Its name, without folders. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly by: string;
  /** Why it is brought in; may be empty. */
  readonly note: string;
}

/** Called as rows are stored: how many of how many. */
export type Progress = (done: number, total: number) => void;

export interface Imported {
  /** null: nothing was stored, because it was a dry run or there were faults. */
  readonly import: string | null;
  /** Good rows of the file. */
  readonly rows: number;
  readonly faults: readonly RowFault[];
  /** How many faults there are, also beyond those listed. */
  readonly faultCount: number;
}

/** Rows of one table, to be stored under the import's name. */
export interface Batch<Name extends InsertName = InsertName> {
  readonly table: Name;
  readonly rows: readonly InsertOf<Name>[];
}

/** A batch of whichever table, its rows those of that table. */
type AnyBatch = { [Name in InsertName]: Batch<Name> }[InsertName];

/** One insert, one part, one step of the progress bar. */
const CHUNK_ROWS = 10_000;

/** A name no other import has: time first, so that names sort as they came. */
export function importName(at: Date): string {
  return `${at.toISOString().replace(/[-:]/g, '').slice(0, 15)}Z-${randomUUID().slice(0, 8)}`;
}

/**
 * Stores the rows `draw` gives for the import's name and notes the import, which makes them count.
 *
 * @returns the import's name
 */
export async function storeImport(
  store: Store,
  kind: string,
  { file, bytes, by, note }: Origin,
  now: Date,
  draw: (name: string) => readonly AnyBatch[],
  progress: Progress = () => {},
): Promise<string> {
  const name = importName(now);
  const batches = draw(name) as readonly unknown[] as readonly Batch[];
  const total = batches.reduce((sum, { rows }) => sum + rows.length, 0);
  let done = 0;
  for (const { table, rows } of batches)
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const chunk = rows.slice(from, from + CHUNK_ROWS);
      await store.insert(table, chunk);
      done += chunk.length;
      progress(done, total);
    }
  await store.insert('import', [
    {
      import: name,
      kind,
      file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      sizeB: bytes.byteLength,
      rows: total,
      by,
      note,
      at: now.toISOString(),
    },
  ]);
  return name;
}
