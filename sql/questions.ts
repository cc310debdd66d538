/**
 * What the store is asked, and what it answers: every file of `queries/`, `indicators/` and `rollups/`, in
 * the types of ClickHouse itself; an integration test DESCRIBEs each in the real engine and compares
 * letter by letter. A column that comes from a table as it is has its type from there.
 */
import type { Columns, ParametersOf, RowOf } from './column-types.ts';
import { type TableName, tables } from './rows.ts';

type Tables = typeof tables;

/** Some columns of a table, in the order given. */
function columnsOf<Name extends TableName, Column extends keyof Tables[Name]>(
  table: Name,
  names: readonly Column[],
): Pick<Tables[Name], Column> {
  return Object.fromEntries(names.map((name) => [name, tables[table][name]])) as Pick<
    Tables[Name],
    Column
  >;
}

/** What a query asks for and what it answers. */
interface Question {
  readonly params: Columns;
  readonly columns: Columns;
}

const measurementPage = {
  params: {
    afterReceived: 'DateTime64(6)',
    afterProbe: 'String',
    afterSequence: 'UInt64',
    fromReceived: 'DateTime64(6)',
    toReceived: 'DateTime64(6)',
    partitions: 'Array(UInt32)',
    probe: 'String',
    line: 'String',
    metric: 'String',
    within: 'String',
    limit: 'UInt32',
  },
  columns: {
    ...columnsOf('measurement', [
      'metric',
      'probe',
      'start',
      'sequence',
      'version',
      'schedule',
      'task',
      'method',
      'target',
      'address',
      'family',
      'durationUs',
      'outcome',
      'stage',
      'code',
      'detail',
      'conflicts',
      'clockSynchronised',
      'clockOffsetUs',
      'clockUncertaintyUs',
      'software',
    ]),
    values: 'Array(Nullable(Int64))',
    received: "DateTime64(6, 'UTC')",
    ...columnsOf('measurement', ['source', 'line', 'place', 'carrier']),
    admission: 'UInt16',
  },
} as const satisfies Question;

/** One bucket of a chart: 10th percentile, median and 90th of the value in its slot's own steps. */
const seriesColumns = {
  family: 'UInt8',
  at: 'UInt64',
  quantiles: 'Array(Float64)',
  n: 'UInt64',
  failed: 'UInt64',
  method: 'String',
} as const satisfies Columns;

/** Every file of `queries/`, by its name. */
export const queries = {
  measurement_page_asc: measurementPage,
  measurement_page_desc: measurementPage,
  places_at: {
    params: { day: 'Date' },
    columns: columnsOf('place', [
      'code',
      'name',
      'level',
      'parent',
      'kind',
      'outside',
      'outsideFor',
    ]),
  },
  place_versions: {
    params: { place: 'String' },
    columns: columnsOf('place', [
      'code',
      'name',
      'level',
      'parent',
      'kind',
      'validFrom',
      'validTo',
      'source',
      'import',
      'ending',
      'successors',
      'outside',
      'outsideFor',
      'note',
      'lat',
      'lon',
      'givenLat',
      'givenLon',
      'crs',
    ]),
  },
  place_codes: { params: {}, columns: columnsOf('place', ['code']) },
  place_predecessors: {
    params: { place: 'String' },
    columns: columnsOf('place', ['code', 'ending', 'validTo']),
  },
  place_statistics: {
    params: { place: 'String' },
    columns: columnsOf('place_statistic', ['asOf', 'residents', 'households', 'source', 'import']),
  },
  places_of_source: {
    params: { source: 'String' },
    columns: { import: 'String', places: 'UInt64' },
  },
  probe_tokens: {
    params: {},
    columns: columnsOf('probe', ['probe', 'line', 'tokenSha256']),
  },
  line_versions: {
    params: {},
    columns: columnsOf('line', ['line', 'place', 'carrier', 'validFrom', 'validTo']),
  },
  line_register: {
    params: {},
    columns: columnsOf('line', [
      'line',
      'place',
      'carrier',
      'technology',
      'subscribedDownBps',
      'subscribedUpBps',
      'opticalNode',
      'onu',
      'validFrom',
      'validTo',
    ]),
  },
  lines_between: {
    params: { first: 'Date', last: 'Date' },
    columns: columnsOf('line', [
      'line',
      'place',
      'carrier',
      'technology',
      'subscribedDownBps',
      'subscribedUpBps',
    ]),
  },
  lines_page: {
    params: {
      first: 'Date',
      last: 'Date',
      within: 'String',
      carrier: 'String',
      after: 'String',
      limit: 'UInt32',
    },
    columns: columnsOf('line', [
      'line',
      'place',
      'carrier',
      'technology',
      'subscribedDownBps',
      'subscribedUpBps',
    ]),
  },
  lines_registered: {
    params: { first: 'Date', last: 'Date' },
    columns: { lines: 'UInt64' },
  },
  own_lines: { params: {}, columns: { line: 'String' } },
  line_named: {
    params: { line: 'String' },
    columns: columnsOf('line', ['line', 'place', 'carrier', 'technology', 'validFrom', 'validTo']),
  },
  months: { params: {}, columns: { month: 'String' } },
  month_counts: {
    params: { start: 'DateTime64(3)', end: 'DateTime64(3)' },
    columns: {
      measurements: 'UInt64',
      linesHeard: 'UInt64',
      newest: "Nullable(DateTime64(6, 'UTC'))",
    },
  },
  quarantined_between: {
    params: { start: 'DateTime64(3)', end: 'DateTime64(3)' },
    columns: { rows: 'UInt64' },
  },
  line_probes: {
    params: {
      lines: 'Array(String)',
      days: 'Array(Date)',
      runs: 'Array(UInt64)',
    },
    columns: { probe: 'String' },
  },
  line_outcomes: {
    params: {
      lines: 'Array(String)',
      probes: 'Array(String)',
      start: 'DateTime64(3)',
      end: 'DateTime64(3)',
    },
    columns: {
      line: 'LowCardinality(String)',
      metric: 'LowCardinality(String)',
      family: 'UInt8',
      target: 'LowCardinality(String)',
      outcome: "Enum8('ok' = 1, 'failed' = 2, 'skipped' = 3)",
      stage: 'LowCardinality(String)',
      code: 'LowCardinality(String)',
      runs: 'UInt64',
      newest: "DateTime64(6, 'UTC')",
    },
  },
  line_medians: {
    params: {
      lines: 'Array(String)',
      probes: 'Array(String)',
      start: 'DateTime64(3)',
      end: 'DateTime64(3)',
    },
    columns: {
      line: 'LowCardinality(String)',
      metric: 'LowCardinality(String)',
      family: 'UInt8',
      method: 'String',
      statistic: 'String',
      median: 'Float64',
      n: 'UInt64',
    },
  },
  series: {
    params: {
      metric: 'String',
      slot: 'Identifier',
      line: 'String',
      within: 'String',
      start: 'DateTime64(3)',
      end: 'DateTime64(3)',
      bucketSeconds: 'UInt32',
    },
    columns: seriesColumns,
  },
  series_area: {
    params: {
      metric: 'String',
      slotNumber: 'UInt8',
      area: 'String',
      step: 'String',
      start: 'DateTime64(3)',
      end: 'DateTime64(3)',
      days: 'Array(Date)',
      runs: 'Array(UInt64)',
    },
    columns: seriesColumns,
  },
  series_line: {
    params: {
      metric: 'String',
      slotNumber: 'UInt8',
      line: 'String',
      within: 'String',
      days: 'Array(Date)',
      runs: 'Array(UInt64)',
      own: 'Array(String)',
    },
    columns: seriesColumns,
  },
  area_month_figures: {
    params: {
      month: 'String',
      run: 'UInt64',
      target: 'String',
      carrier: 'String',
      level: 'String',
      within: 'String',
    },
    columns: columnsOf('area_month', [
      'area',
      'observed',
      'registered',
      'passed',
      'placesObserved',
      'value',
      'low',
      'high',
      'newest',
    ]),
  },
  area_month_map: {
    params: { month: 'String', run: 'UInt64' },
    columns: columnsOf('area_month', [
      'target',
      'carrier',
      'level',
      'area',
      'observed',
      'registered',
      'passed',
      'placesObserved',
      'value',
      'low',
      'high',
      'newest',
    ]),
  },
  tables_signature: {
    params: { tables: 'Array(String)' },
    columns: { signature: 'String' },
  },
  rollups_done: {
    params: {},
    columns: tables.rollup_done,
  },
  measured_days: { params: {}, columns: { day: 'String', signature: 'String' } },
  services_between: { params: { first: 'Date', last: 'Date' }, columns: { place: 'String' } },
  register_signature: {
    params: { months: 'Array(String)' },
    columns: { month: 'String', signature: 'String' },
  },
  quarantine_page: {
    params: {
      afterReceived: 'DateTime64(6)',
      afterProbe: 'String',
      afterSha256: 'String',
      code: 'String',
      probe: 'String',
      text: 'String',
      limit: 'UInt32',
    },
    columns: {
      code: 'LowCardinality(String)',
      probe: 'LowCardinality(String)',
      sha256: 'String',
      sequence: 'Nullable(UInt64)',
      line: 'UInt32',
      reason: 'String',
      head: 'String',
      sizeB: 'UInt64',
      source: 'IPv6',
      received: "DateTime64(6, 'UTC')",
      released: "Nullable(DateTime64(6, 'UTC'))",
    },
  },
  quarantine_entries: {
    params: { sha256: 'String' },
    columns: {
      code: 'LowCardinality(String)',
      probe: 'LowCardinality(String)',
      sha256: 'String',
      sequence: 'Nullable(UInt64)',
      line: 'UInt32',
      reason: 'String',
      originalBase64: 'String',
      source: 'IPv6',
      received: "DateTime64(6, 'UTC')",
    },
  },
  quarantine_log_of: {
    params: { sha256: 'String' },
    columns: {
      at: "DateTime64(6, 'UTC')",
      code: 'LowCardinality(String)',
      probe: 'LowCardinality(String)',
      sha256: 'String',
      by: 'String',
      why: 'String',
      vouchedClock: 'Bool',
      admission: 'UInt16',
    },
  },
  quarantine_counts: {
    params: {},
    columns: {
      code: 'LowCardinality(String)',
      probe: 'LowCardinality(String)',
      rows: 'UInt64',
      released: 'UInt64',
      first: "DateTime64(6, 'UTC')",
      last: "DateTime64(6, 'UTC')",
    },
  },
  probe_register: {
    params: {},
    columns: columnsOf('probe', ['probe', 'line', 'revoked']),
  },
  probe_line: { params: { probe: 'String' }, columns: { line: 'String' } },
  sequence_rows: {
    params: { probe: 'String', sequence: 'UInt64' },
    columns: { metric: 'LowCardinality(String)', start: "DateTime64(3, 'UTC')" },
  },
  editions: {
    params: {},
    columns: columnsOf('edition', ['month', 'edition', 'sealed', 'sha256']),
  },
  edition_document: {
    params: { month: 'String', edition: 'UInt32' },
    columns: tables.edition,
  },
  retired_days: {
    params: {},
    columns: tables.retired_day,
  },
  imports: {
    params: { kind: 'String', limit: 'UInt32' },
    columns: tables.import,
  },
  import_of_bytes: {
    params: { kind: 'String', bytesSha256: 'String' },
    columns: columnsOf('import', ['import', 'by', 'note']),
  },
  imports_noted: {
    params: { kinds: 'Array(String)' },
    columns: { imports: 'UInt64' },
  },
  filing_tokens: {
    params: {},
    columns: columnsOf('filing_token', ['carrier', 'tokenSha256', 'issued', 'revoked']),
  },
  filing_versions: {
    params: { month: 'String' },
    columns: tables.filing,
  },
  filing_places: {
    params: { month: 'String', carrier: 'String', import: 'String' },
    columns: columnsOf('filing_place', [
      'place',
      'row',
      'reached',
      'technology',
      'opticalNode',
      'reachedOn',
      'mobile',
      'note',
    ]),
  },
  filing_areas: {
    params: { month: 'String', carrier: 'String', import: 'String' },
    columns: columnsOf('filing_area', [
      'area',
      'row',
      'tierBelow4',
      'tier4',
      'tier12',
      'tier20',
      'tier50',
      'tier100',
      'tier1000',
      'subscribers',
      'households',
      'residents',
      'cableHouseholds',
      'digitalHouseholds',
      'twoWayHouseholds',
      'cableSubscribers',
      'ipv6Terminals',
      'terminals',
      'hotspots',
      'baseStations',
      'platformUsers',
      'note',
    ]),
  },
  filing_place_codes: {
    params: { month: 'String', carrier: 'String', import: 'String' },
    columns: { place: 'String' },
  },
  library_prefixes: {
    params: {},
    columns: columnsOf('library_prefix', [
      'prefix',
      'holder',
      'carrier',
      'area',
      'purpose',
      'partOf',
      'validFrom',
      'validTo',
      'source',
      'import',
    ]),
  },
  library_services: {
    params: {},
    columns: columnsOf('library_service', [
      'name',
      'original',
      'holder',
      'kind',
      'level',
      'area',
      'url',
      'families',
      'lines',
      'validFrom',
      'validTo',
      'source',
      'import',
    ]),
  },
  library_sources: {
    params: { start: 'DateTime64(3)', end: 'DateTime64(3)' },
    columns: {
      line: 'LowCardinality(String)',
      place: 'LowCardinality(String)',
      carrier: 'LowCardinality(String)',
      address: 'IPv6',
      days: 'Array(Date)',
      newest: "DateTime64(6, 'UTC')",
    },
  },
  library_targets: {
    params: { start: 'DateTime64(3)', end: 'DateTime64(3)' },
    columns: {
      target: 'LowCardinality(String)',
      address: 'IPv6',
      firstLine: 'String',
      days: 'Array(Date)',
      newest: "DateTime64(6, 'UTC')",
    },
  },
  challenge_events: {
    params: { month: 'String', challenge: 'String' },
    columns: { ...tables.challenge_event, fileSha256s: 'Array(String)' },
  },
  measurements_named: {
    params: {
      probes: 'Array(String)',
      sequences: 'Array(UInt64)',
      start: 'DateTime64(3)',
      end: 'DateTime64(3)',
    },
    columns: {
      ...columnsOf('measurement', [
        'probe',
        'sequence',
        'start',
        'metric',
        'outcome',
        'line',
        'place',
        'carrier',
      ]),
      received: "DateTime64(6, 'UTC')",
    },
  },
  samples_named: {
    params: {
      probes: 'Array(String)',
      sequences: 'Array(UInt64)',
      start: 'DateTime64(3)',
      end: 'DateTime64(3)',
    },
    columns: columnsOf('sample', ['probe', 'sequence', 'start', 'metric', 'samples', 'hops']),
  },
} as const satisfies Record<string, Question>;

export type QueryName = keyof typeof queries;
export type QueryParameters<Name extends QueryName> = ParametersOf<
  (typeof queries)[Name]['params']
>;
export type QueryRow<Name extends QueryName> = RowOf<(typeof queries)[Name]['columns']>;

/**
 * What every indicator of a measured kind is asked of a month (its days and hours may be bits) and answers,
 * one row per subject with enough evidence; an indicator may leave a parameter unused but can ask for no other, and so for the two below.
 */
export const measured = {
  params: {
    start: 'DateTime64(3)',
    end: 'DateTime64(3)',
    minimumRuns: 'UInt32',
    minimumDays: 'UInt32',
    passRatio: 'Float64',
  },
  columns: {
    subject: 'LowCardinality(String)',
    place: 'String',
    carrier: 'String',
    value: 'Float64',
    passed: 'Bool',
    runs: 'UInt64',
    days: 'UInt64',
    newest: "DateTime64(6, 'UTC')",
  },
} as const satisfies Question;

export type IndicatorParameters = ParametersOf<(typeof measured)['params']>;
export type IndicatorRow = RowOf<(typeof measured)['columns']>;

/** The versions of a month's filings that count, by their imports. */
const filed = { month: 'String', imports: 'Array(String)' } as const satisfies Columns;

/** What a `quotient` answers: of each area that a carrier stated both of, what is above and below the line. */
export const quotient = {
  params: filed,
  columns: {
    area: 'String',
    carrier: 'LowCardinality(String)',
    row: 'UInt32',
    amount: 'UInt64',
    base: 'UInt64',
  },
} as const satisfies Question;

export type QuotientRow = RowOf<(typeof quotient)['columns']>;

/** What a `standing` answers: of each place that a carrier stated something of, what. */
export const standing = {
  params: filed,
  columns: {
    place: 'String',
    carrier: 'LowCardinality(String)',
    row: 'UInt32',
    reached: 'Bool',
    technology: 'LowCardinality(String)',
    opticalNode: 'String',
  },
} as const satisfies Question;

export type DeclaredRow = RowOf<(typeof standing)['columns']>;
export type FiledParameters = ParametersOf<typeof filed>;

/**
 * Every file of `rollups/`: what it is asked, and the table whose columns it answers, in their order.
 */
export const rollups = {
  line_day: { into: 'line_day', params: { day: 'Date', run: 'UInt64', rules: 'String' } },
  area_hour: { into: 'area_step', params: { day: 'Date', run: 'UInt64', rules: 'String' } },
  area_day: { into: 'area_step', params: { day: 'Date', run: 'UInt64', rules: 'String' } },
  area_month: {
    into: 'area_month',
    params: {
      month: 'String',
      run: 'UInt64',
      first: 'Date',
      last: 'Date',
      targets: 'Array(String)',
      rules: 'Array(String)',
      subjects: 'Array(String)',
      quantiles: 'Array(Float64)',
      villageKinds: 'Array(Array(String))',
    },
  },
} as const satisfies Record<string, { readonly into: TableName; readonly params: Columns }>;

export type RollupName = keyof typeof rollups;
export type RollupParameters<Name extends RollupName> = ParametersOf<
  (typeof rollups)[Name]['params']
>;
