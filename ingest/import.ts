/**
 * Bringing a file in, whole or not at all: read and checked first, its rows stored under the import's
 * name, and the import noted last. Readers count rows of noted imports only.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Fault } from '../probes/fault.ts';
import type { QueryRow } from '../sql/questions.ts';
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
  /** What its author should look at, though it was taken. */
  readonly warnings?: readonly RowFault[];
  readonly warningCount?: number;
}

/** Rows of one table, to be stored under the import's name. */
export type Batch<Name extends InsertName = InsertName> = {
  readonly [Table in Name]: { readonly table: Table; readonly rows: readonly InsertOf<Table>[] };
}[Name];

/** One insert, one part, one step of the progress bar. */
const CHUNK_ROWS = 10_000;

/** A name no other import has: time first, so that names sort as they came. */
function importName(at: Date): string {
  return `${at.toISOString().replace(/[-:.]/g, '')}-${randomUUID().slice(0, 8)}`;
}

/** More than anybody brings in. */
const EVERY_IMPORT = 1_000_000;

/** What was brought in of a kind ('' for every kind), latest first. */
export function importsOf(store: Store, kind: string): Promise<QueryRow<'imports'>[]> {
  return store.query('imports', { kind, limit: EVERY_IMPORT });
}

/**
 * The same bytes twice are a slip, not news.
 *
 * @param said what the command said beside the file and the import's note ends with; '': nothing. The same
 * bytes with another saying are another statement.
 * @throws Fault `already-imported`
 */
export async function refuseKnown(
  store: Store,
  kind: string,
  bytes: Uint8Array,
  said = '',
): Promise<void> {
  const bytesSha256 = sha256Of(bytes);
  const same = await store.query('import_of_bytes', { kind, bytesSha256 });
  const known = same.find(({ note }) => note.endsWith(said));
  if (known)
    throw new Fault(
      'already-imported',
      `这个文件已由 ${known.by} 导入过(${known.import}),不必再导:内容若有不同,请修改文件后再导`,
      `${known.by} has brought this very file in already (${known.import}) and nothing is left to do: if something else is meant, change the file`,
    );
}

/**
 * Imports that are held against what is there must not pass each other by: none of them may be noted
 * between the reading and the noting of another.
 *
 * @returns throws Fault `register-changed` when one of these kinds was noted since
 */
export async function watchImports(
  store: Store,
  kinds: readonly string[],
): Promise<() => Promise<void>> {
  const noted = async () => (await store.query('imports_noted', { kinds }))[0]?.imports;
  const before = await noted();
  return async () => {
    if ((await noted()) !== before)
      throw new Fault(
        'register-changed',
        '登记册同时被另一次导入更改,本次未入库:请再导入一次',
        'another import changed the register meanwhile, and this one was not stored: bring it in again',
      );
  };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An import to be stored. */
interface Storing {
  readonly kind: string;
  readonly origin: Origin;
  readonly now: Date;
  /** Rows of the file. */
  readonly rows: number;
  readonly progress?: Progress | undefined;
  /** Throws when the rows must not count after all; asked last. */
  readonly confirm?: (() => Promise<void>) | undefined;
  /** One of its own, where a second try must fall on the rows of the first. */
  readonly name?: string;
}

/**
 * Stores the rows `draw` gives for the import's name and notes the import, which makes them count.
 *
 * @returns the import's name
 */
export async function storeImport(
  store: Store,
  { kind, origin, now, rows: fileRows, progress, confirm, name = importName(now) }: Storing,
  draw: (name: string) => readonly Batch[],
): Promise<string> {
  const { file, bytes, by, note } = origin;
  const batches = draw(name);
  const total = batches.reduce((sum, { rows }) => sum + rows.length, 0);
  let done = 0;
  for (const { table, rows } of batches)
    for (let from = 0; from < rows.length; from += CHUNK_ROWS) {
      const chunk = rows.slice(from, from + CHUNK_ROWS);
      // Table and rows come from one batch, which the compiler forgets when it takes them apart.
      await store.insert(table, chunk as readonly InsertOf<typeof table>[]);
      done += chunk.length;
      progress?.(done, total);
    }
  await confirm?.();
  await store.insert('import', [
    {
      import: name,
      kind,
      file,
      sha256: sha256Of(bytes),
      sizeB: bytes.byteLength,
      rows: fileRows,
      by,
      note,
      at: now.toISOString(),
    },
  ]);
  return name;
}

/** When, whether only to look, and whom to tell. */
export interface ImportRun {
  readonly now: Date;
  /** Checks everything and stores nothing. */
  readonly dryRun: boolean;
  readonly progress?: Progress;
}

/** A file's rows, held against all there is to hold them against. */
export interface Checked<Row> {
  readonly rows: readonly Row[];
  readonly faults: readonly RowFault[];
  readonly faultCount: number;
}

/**
 * Stores a checked file as an import, unless it has faults or only a look was wanted.
 *
 * @param draw the rows to be stored under the import's name, and when
 * @param confirm throws when they must not count after all
 */
export async function settleImport(
  store: Store,
  kind: string,
  origin: Origin,
  { now, dryRun, progress }: ImportRun,
  { rows, faults, faultCount }: Checked<unknown>,
  draw: (name: string, updated: string) => readonly Batch[],
  confirm?: () => Promise<void>,
): Promise<Imported> {
  if (faultCount > 0 || dryRun) return { import: null, rows: rows.length, faults, faultCount };
  const name = await storeImport(
    store,
    { kind, origin, now, rows: rows.length, progress, confirm },
    (given) => draw(given, now.toISOString()),
  );
  return { import: name, rows: rows.length, faults, faultCount };
}
