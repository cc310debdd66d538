/**
 * Brings files of places, lines and probes into the store: read, held against what is there, stored
 * whole or not at all.
 */
import type { Store } from '../sql/store.ts';
import type { CountyMap } from './county-map.ts';
import {
  type Imported,
  type ImportRun,
  type Origin,
  refuseKnown,
  settleImport,
  watchImports,
} from './import.ts';
import { LINE_COLUMNS, lineChanges } from './line-changes.ts';
import { dayOf } from './month.ts';
import { placeChanges } from './place-changes.ts';
import { PLACE_COLUMNS } from './place-file.ts';
import { PROBE_COLUMNS, probeChanges } from './probe-changes.ts';
import { onlySheet } from './sheets-of-file.ts';
import { type Columns, readTable, type TableRead } from './table-file.ts';
import { hashToken, newToken } from './token.ts';

/** What is brought into the register by file, each held against the others. */
export const REGISTER_KINDS = ['places', 'lines', 'probes'] as const;

/** A probe's token, shown once. */
export interface NewToken {
  readonly probe: string;
  readonly token: string;
}

/** @throws Fault `already-imported`, those of {@link onlySheet} */
export async function importPlaces(
  store: Store,
  origin: Origin,
  run: ImportRun & { readonly validFrom: string | null; readonly counties: CountyMap },
): Promise<Imported> {
  const read = readTable(onlySheet(origin), PLACE_COLUMNS);
  if (read.faultCount > 0) return refused(read);
  const undated = read.rows.some(({ row }) => row.date === null);
  const said = undated && run.validFrom !== null ? `--valid-from ${run.validFrom}` : '';
  await refuseKnown(store, 'places', origin.bytes, said);
  const confirm = await watchImports(store, REGISTER_KINDS);
  const { validFrom, counties } = run;
  const [places, lines] = await Promise.all([
    store.query('place_versions', { place: '' }),
    store.query('line_register', {}),
  ]);
  const changes = placeChanges(read, { places, lines, validFrom, counties });
  const { warnings, warningCount } = changes;
  const stored = await settleImport(
    store,
    'places',
    saying(origin, said),
    run,
    { ...changes, rows: read.rows },
    (name, updated) => [
      {
        table: 'place',
        rows: changes.places.map((place) => ({
          ...place,
          successors: [...place.successors],
          outsideFor: [...place.outsideFor],
          updated,
          import: name,
        })),
      },
      { table: 'line', rows: changes.lines.map((line) => ({ ...line, updated, import: name })) },
      {
        table: 'place_statistic',
        rows: changes.statistics.map((counted) => ({ ...counted, updated, import: name })),
      },
    ],
    confirm,
  );
  return { ...stored, warnings, warningCount };
}

/**
 * @param carriers codes of the plan's carriers
 * @throws Fault `already-imported`, those of {@link onlySheet}
 */
export async function importLines(
  store: Store,
  origin: Origin,
  run: ImportRun & { readonly validFrom: string | null; readonly carriers: readonly string[] },
): Promise<Imported> {
  const read = readTable(onlySheet(origin), LINE_COLUMNS);
  if (read.faultCount > 0) return refused(read);
  const undated = read.rows.some(({ row }) => row.validFrom === null);
  const said = undated && run.validFrom !== null ? `--valid-from ${run.validFrom}` : '';
  await refuseKnown(store, 'lines', origin.bytes, said);
  const confirm = await watchImports(store, REGISTER_KINDS);
  const { validFrom, carriers } = run;
  const [places, lines] = await Promise.all([
    store.query('place_versions', { place: '' }),
    store.query('line_register', {}),
  ]);
  const changes = lineChanges(read, { places, lines, validFrom, carriers });
  return settleImport(
    store,
    'lines',
    saying(origin, said),
    run,
    { ...changes, rows: read.rows },
    (name, updated) => [
      { table: 'line', rows: changes.lines.map((line) => ({ ...line, updated, import: name })) },
    ],
    confirm,
  );
}

/**
 * @param handOver is given the new probes' tokens before anything is stored: they are nowhere else
 * @throws Fault `already-imported`, those of {@link onlySheet}
 */
export async function importProbes(
  store: Store,
  origin: Origin,
  run: ImportRun & { readonly handOver: (tokens: readonly NewToken[]) => void },
): Promise<Imported> {
  const read = readTable(onlySheet(origin), PROBE_COLUMNS);
  if (read.faultCount > 0) return refused(read);
  await refuseKnown(store, 'probes', origin.bytes);
  const confirm = await watchImports(store, REGISTER_KINDS);
  const [probes, lines] = await Promise.all([
    store.query('probe_register', {}),
    store.query('line_register', {}),
  ]);
  const changes = probeChanges(read, { probes, lines, today: dayOf(run.now) });
  return settleImport(
    store,
    'probes',
    origin,
    run,
    { ...changes, rows: read.rows },
    (name, updated) => {
      const bound = changes.probes.map((one) => ({ ...one, token: newToken() }));
      run.handOver(bound.map(({ probe, token }) => ({ probe, token })));
      const enrolled = run.now.toISOString();
      return [
        {
          table: 'probe',
          rows: bound.map(({ probe, line, token }) => ({
            ...{ probe, line, tokenSha256: hashToken(token), enrolled, revoked: null },
            ...{ updated, import: name },
          })),
        },
      ];
    },
    confirm,
  );
}

/** What the command said beside the file belongs to what is known of the import. */
function saying(origin: Origin, said: string): Origin {
  return { ...origin, note: [origin.note, said].filter(Boolean).join(' · ') };
}

function refused<Of extends Columns>({ rows, faults, faultCount }: TableRead<Of>): Imported {
  return { import: null, rows: rows.length, faults, faultCount };
}
