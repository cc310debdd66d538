/**
 * Brings files of places, lines and probes into the store: read, held against what is there, stored
 * whole or not at all.
 */
import type { Store } from '../sql/store.ts';
import { hashToken, newToken } from './binding.ts';
import type { CountyMap } from './county-map.ts';
import { type Imported, type ImportRun, type Origin, refuseKnown, settleImport } from './import.ts';
import { LINE_COLUMNS, lineChanges } from './line-changes.ts';
import { placeChanges } from './place-changes.ts';
import { PLACE_COLUMNS } from './place-file.ts';
import { PROBE_COLUMNS, probeChanges } from './probe-changes.ts';
import { type Columns, csvSheet, readTable, type TableRead } from './table-file.ts';

/** A probe's token, shown once. */
export interface NewToken {
  readonly probe: string;
  readonly token: string;
}

/** @throws Fault `already-imported` */
export async function importPlaces(
  store: Store,
  origin: Origin,
  run: ImportRun & { readonly validFrom: string | null; readonly counties: CountyMap },
): Promise<Imported> {
  await refuseKnown(store, 'places', origin.bytes);
  const read = readTable(csvSheet(origin.bytes), PLACE_COLUMNS);
  if (read.faultCount > 0) return refused(read);
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
    origin,
    run,
    { ...changes, rows: read.rows },
    (name, updated) => [
      {
        table: 'place',
        rows: changes.places.map((place) => ({
          ...place,
          successors: [...place.successors],
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
  );
  return { ...stored, warnings, warningCount };
}

/**
 * @param carriers codes of the plan's carriers
 * @throws Fault `already-imported`
 */
export async function importLines(
  store: Store,
  origin: Origin,
  run: ImportRun & { readonly validFrom: string | null; readonly carriers: readonly string[] },
): Promise<Imported> {
  await refuseKnown(store, 'lines', origin.bytes);
  const read = readTable(csvSheet(origin.bytes), LINE_COLUMNS);
  if (read.faultCount > 0) return refused(read);
  const { validFrom, carriers } = run;
  const [places, lines] = await Promise.all([
    store.query('place_versions', { place: '' }),
    store.query('line_register', {}),
  ]);
  const changes = lineChanges(read.rows, { places, lines, validFrom, carriers });
  return settleImport(
    store,
    'lines',
    origin,
    run,
    { ...changes, rows: read.rows },
    (name, updated) => [
      { table: 'line', rows: changes.lines.map((line) => ({ ...line, updated, import: name })) },
    ],
  );
}

/**
 * @param handOver is given the new probes' tokens before anything is stored: they are nowhere else
 * @throws Fault `already-imported`
 */
export async function importProbes(
  store: Store,
  origin: Origin,
  run: ImportRun & { readonly handOver: (tokens: readonly NewToken[]) => void },
): Promise<Imported> {
  await refuseKnown(store, 'probes', origin.bytes);
  const read = readTable(csvSheet(origin.bytes), PROBE_COLUMNS);
  if (read.faultCount > 0) return refused(read);
  const [probes, lines] = await Promise.all([
    store.query('probe_register', {}),
    store.query('line_versions', {}),
  ]);
  const changes = probeChanges(read.rows, {
    probes,
    lines: new Set(lines.map(({ line }) => line)),
  });
  return settleImport(
    store,
    'probes',
    origin,
    run,
    { ...changes, rows: read.rows },
    (name, updated) => {
      const tokens = changes.probes.map(({ probe }) => ({ probe, token: newToken() }));
      run.handOver(tokens);
      const enrolled = run.now.toISOString();
      return [
        {
          table: 'probe',
          rows: changes.probes.map((bound, index) => ({
            ...bound,
            ...{ tokenSha256: hashToken(tokens[index]?.token ?? ''), enrolled, revoked: null },
            ...{ updated, import: name },
          })),
        },
      ];
    },
  );
}

function refused<Of extends Columns>({ rows, faults, faultCount }: TableRead<Of>): Imported {
  return { import: null, rows: rows.length, faults, faultCount };
}
