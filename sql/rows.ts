/**
 * What the store's rows look like. Every type is written once, as ClickHouse itself writes it; the
 * TypeScript shapes follow from it, and an integration test DESCRIBEs every table, query and
 * indicator in the real engine and compares letter by letter.
 */

import type { Columns, ParametersOf, RowOf } from './column-types.ts';

/** Every table's stored columns in order; those that are computed (ALIAS) are not among them. */
export const tables = {
  place: {
    code: 'String',
    name: 'String',
    level:
      "Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5, 'hamlet' = 6)",
    parent: 'String',
    kind: 'LowCardinality(String)',
    validFrom: 'Date',
    validTo: 'Date',
    source: 'LowCardinality(String)',
    updated: "DateTime64(6, 'UTC')",
    import: 'String',
    ending: 'LowCardinality(String)',
    successors: 'Array(String)',
    outside: 'Bool',
    note: 'String',
    lat: 'Nullable(Float64)',
    lon: 'Nullable(Float64)',
    givenLat: 'Nullable(Float64)',
    givenLon: 'Nullable(Float64)',
    crs: 'LowCardinality(String)',
  },
  line: {
    line: 'String',
    place: 'String',
    carrier: 'LowCardinality(String)',
    technology: 'LowCardinality(String)',
    subscribedDownBps: 'Nullable(UInt64)',
    subscribedUpBps: 'Nullable(UInt64)',
    validFrom: 'Date',
    validTo: 'Date',
    updated: "DateTime64(6, 'UTC')",
    import: 'String',
    opticalNode: 'String',
    onu: 'String',
  },
  probe: {
    probe: 'String',
    line: 'String',
    tokenSha256: 'FixedString(64)',
    enrolled: "DateTime64(3, 'UTC')",
    revoked: "Nullable(DateTime64(3, 'UTC'))",
    updated: "DateTime64(6, 'UTC')",
    import: 'String',
  },
  measurement: {
    metric: 'LowCardinality(String)',
    probe: 'LowCardinality(String)',
    start: "DateTime64(3, 'UTC')",
    sequence: 'UInt64',
    version: 'UInt8',
    schedule: 'LowCardinality(String)',
    task: 'LowCardinality(String)',
    method: 'LowCardinality(String)',
    target: 'LowCardinality(String)',
    address: 'IPv6',
    family: 'UInt8',
    durationUs: 'UInt64',
    outcome: "Enum8('ok' = 1, 'failed' = 2, 'skipped' = 3)",
    stage: 'LowCardinality(String)',
    code: 'LowCardinality(String)',
    detail: 'String',
    conflicts: 'Array(LowCardinality(String))',
    clockSynchronised: 'Nullable(Bool)',
    clockOffsetUs: 'Nullable(Int64)',
    clockUncertaintyUs: 'Nullable(UInt64)',
    software: 'LowCardinality(String)',
    v0: 'Nullable(Int64)',
    v1: 'Nullable(Int64)',
    v2: 'Nullable(Int64)',
    v3: 'Nullable(Int64)',
    v4: 'Nullable(Int64)',
    v5: 'Nullable(Int64)',
    v6: 'Nullable(Int64)',
    v7: 'Nullable(Int64)',
    v8: 'Nullable(Int64)',
    v9: 'Nullable(Int64)',
    v10: 'Nullable(Int64)',
    v11: 'Nullable(Int64)',
    v12: 'Nullable(Int64)',
    v13: 'Nullable(Int64)',
    v14: 'Nullable(Int64)',
    v15: 'Nullable(Int64)',
    source: 'IPv6',
    line: 'LowCardinality(String)',
    place: 'LowCardinality(String)',
    carrier: 'LowCardinality(String)',
    precedence: 'UInt64',
  },
  sample: {
    probe: 'LowCardinality(String)',
    sequence: 'UInt64',
    metric: 'LowCardinality(String)',
    start: "DateTime64(3, 'UTC')",
    samples: 'Array(Float32)',
  },
  quarantine: {
    probe: 'LowCardinality(String)',
    sha256: 'FixedString(64)',
    sequence: 'Nullable(UInt64)',
    line: 'UInt32',
    code: 'LowCardinality(String)',
    reason: 'String',
    original: 'String',
    source: 'IPv6',
    received: "DateTime64(6, 'UTC')",
  },
  quarantine_log: {
    at: "DateTime64(6, 'UTC')",
    code: 'LowCardinality(String)',
    probe: 'LowCardinality(String)',
    sha256: 'FixedString(64)',
    sequence: 'UInt64',
    by: 'String',
    why: 'String',
    vouchedClock: 'Bool',
    admission: 'UInt16',
  },
  edition: {
    month: 'String',
    edition: 'UInt32',
    sealed: "DateTime64(3, 'UTC')",
    sha256: 'FixedString(64)',
    document: 'String',
  },
  rollup_done: {
    scope: "Enum8('day' = 1, 'month' = 2)",
    period: 'String',
    run: 'UInt64',
    signature: 'String',
    rules: 'String',
    rows: 'UInt64',
    lines: 'UInt64',
    newest: "Nullable(DateTime64(6, 'UTC'))",
    done: "DateTime64(6, 'UTC')",
  },
  line_day: {
    day: 'Date',
    run: 'UInt64',
    metric: 'LowCardinality(String)',
    place: 'String',
    line: 'String',
    family: 'UInt8',
    carrier: 'LowCardinality(String)',
    method: 'LowCardinality(String)',
    runs: 'UInt32',
    failed: 'UInt32',
    skipped: 'UInt32',
    valued: 'Array(UInt32)',
    p10Tenths: 'Array(Int64)',
    medianTenths: 'Array(Int64)',
    p90Tenths: 'Array(Int64)',
    rules: 'LowCardinality(String)',
    probes: 'Array(LowCardinality(String))',
  },
  area_step: {
    day: 'Date',
    run: 'UInt64',
    step: "Enum8('hour' = 1, 'day' = 2)",
    metric: 'LowCardinality(String)',
    area: 'String',
    at: "DateTime('UTC')",
    family: 'UInt8',
    method: 'LowCardinality(String)',
    lines: 'UInt32',
    runs: 'UInt32',
    failed: 'UInt32',
    valued: 'Array(UInt32)',
    p10Tenths: 'Array(Int64)',
    medianTenths: 'Array(Int64)',
    p90Tenths: 'Array(Int64)',
    rules: 'LowCardinality(String)',
  },
  line_month: {
    month: 'LowCardinality(String)',
    run: 'UInt64',
    target: 'LowCardinality(String)',
    place: 'String',
    line: 'String',
    carrier: 'LowCardinality(String)',
    value: 'Float64',
    passed: 'Bool',
    runs: 'UInt64',
    newest: "DateTime64(6, 'UTC')",
    rules: 'LowCardinality(String)',
  },
  area_month: {
    month: 'LowCardinality(String)',
    run: 'UInt64',
    target: 'LowCardinality(String)',
    carrier: 'LowCardinality(String)',
    level: "Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5)",
    area: 'String',
    observed: 'UInt32',
    registered: 'UInt32',
    passed: 'UInt32',
    placesObserved: 'UInt32',
    value: 'Nullable(Float64)',
    low: 'Nullable(Float64)',
    high: 'Nullable(Float64)',
    newest: "Nullable(DateTime64(6, 'UTC'))",
    rules: 'LowCardinality(String)',
  },
  retired_day: {
    table: 'LowCardinality(String)',
    day: 'Date',
    at: "DateTime64(6, 'UTC')",
    rule: "Enum8('failures-kept' = 1, 'dropped' = 2)",
    limitDays: 'UInt32',
    rowsBefore: 'UInt64',
    rowsKept: 'UInt64',
    done: 'Bool',
  },
  import: {
    import: 'String',
    kind: 'LowCardinality(String)',
    file: 'String',
    sha256: 'FixedString(64)',
    sizeB: 'UInt64',
    rows: 'UInt64',
    by: 'String',
    note: 'String',
    at: "DateTime64(6, 'UTC')",
  },
  filing: {
    month: 'LowCardinality(String)',
    carrier: 'LowCardinality(String)',
    import: 'String',
    sha256: 'FixedString(64)',
    received: "DateTime64(6, 'UTC')",
    places: 'UInt32',
    areas: 'UInt32',
    warnings: 'UInt32',
  },
  filing_place: {
    month: 'LowCardinality(String)',
    carrier: 'LowCardinality(String)',
    import: 'String',
    place: 'String',
    row: 'UInt32',
    reached: 'Bool',
    technology: 'LowCardinality(String)',
    opticalNode: 'String',
    reachedOn: 'Nullable(Date)',
    mobile: 'LowCardinality(String)',
    note: 'String',
  },
  filing_area: {
    month: 'LowCardinality(String)',
    carrier: 'LowCardinality(String)',
    import: 'String',
    area: 'String',
    row: 'UInt32',
    tierBelow4: 'Nullable(UInt64)',
    tier4: 'Nullable(UInt64)',
    tier12: 'Nullable(UInt64)',
    tier20: 'Nullable(UInt64)',
    tier50: 'Nullable(UInt64)',
    tier100: 'Nullable(UInt64)',
    tier1000: 'Nullable(UInt64)',
    subscribers: 'Nullable(UInt64)',
    households: 'Nullable(UInt64)',
    residents: 'Nullable(UInt64)',
    cableHouseholds: 'Nullable(UInt64)',
    digitalHouseholds: 'Nullable(UInt64)',
    twoWayHouseholds: 'Nullable(UInt64)',
    cableSubscribers: 'Nullable(UInt64)',
    ipv6Terminals: 'Nullable(UInt64)',
    terminals: 'Nullable(UInt64)',
    hotspots: 'Nullable(UInt64)',
    baseStations: 'Nullable(UInt64)',
    platformUsers: 'Nullable(UInt64)',
    note: 'String',
  },
  place_statistic: {
    code: 'String',
    asOf: 'UInt16',
    residents: 'Nullable(UInt32)',
    households: 'Nullable(UInt32)',
    source: 'String',
    import: 'String',
    updated: "DateTime64(6, 'UTC')",
  },
  library_prefix: {
    import: 'String',
    prefix: 'String',
    holder: 'String',
    carrier: 'LowCardinality(String)',
    area: 'String',
    purpose: 'LowCardinality(String)',
    partOf: 'String',
    validFrom: 'Date',
    validTo: 'Date',
    source: 'String',
  },
  library_service: {
    import: 'String',
    name: 'String',
    original: 'String',
    holder: 'String',
    kind: 'LowCardinality(String)',
    level: 'LowCardinality(String)',
    area: 'String',
    url: 'String',
    families: 'Array(UInt8)',
    lines: 'Array(String)',
    validFrom: 'Date',
    validTo: 'Date',
    source: 'String',
  },
} as const satisfies Record<string, Columns>;

/**
 * Columns an insert may leave out, because the table gives them a DEFAULT; also `import`, which is ''
 * for what is stored by itself: ClickHouse lets no column with a DEFAULT join a key.
 */
export const defaulted = {
  place: [
    'validTo',
    'updated',
    'import',
    'ending',
    'successors',
    'outside',
    'note',
    'lat',
    'lon',
    'givenLat',
    'givenLon',
    'crs',
  ],
  line: ['validTo', 'updated', 'import', 'opticalNode', 'onu'],
  probe: ['updated', 'import'],
} as const satisfies { readonly [Name in TableName]?: readonly (keyof Tables[Name])[] };

/** Columns whose numbers go beyond 2^53 and are given as bigint. */
interface Large {
  readonly measurement: 'precedence';
}

type Tables = typeof tables;
export type TableName = keyof Tables;

type Defaulted<Name extends TableName> = Name extends keyof typeof defaulted
  ? (typeof defaulted)[Name][number]
  : never;

type LargeOf<Name extends TableName> = Name extends keyof Large ? Large[Name] : never;

/**
 * Tables without a key, whose rows are drawn from others: filled by `INSERT … SELECT` alone, which is
 * never sent twice.
 */
export const DRAWN = ['line_day', 'area_step', 'line_month', 'area_month'] as const;
/** Tables an insert may name: copies of a row fall on each other. */
export type InsertName = Exclude<TableName, (typeof DRAWN)[number]>;

export function isDrawn(table: string): boolean {
  return (DRAWN as readonly string[]).includes(table);
}

/** What an insert brings. */
export type InsertOf<Name extends TableName> = Readonly<
  Omit<RowOf<Tables[Name]>, Defaulted<Name> | LargeOf<Name>> &
    Partial<Pick<RowOf<Tables[Name]>, Defaulted<Name> & keyof RowOf<Tables[Name]>>> &
    Record<LargeOf<Name>, bigint>
>;

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
    metric: 'LowCardinality(String)',
    probe: 'LowCardinality(String)',
    start: "DateTime64(3, 'UTC')",
    sequence: 'UInt64',
    version: 'UInt8',
    schedule: 'LowCardinality(String)',
    task: 'LowCardinality(String)',
    method: 'LowCardinality(String)',
    target: 'LowCardinality(String)',
    address: 'IPv6',
    family: 'UInt8',
    durationUs: 'UInt64',
    outcome: "Enum8('ok' = 1, 'failed' = 2, 'skipped' = 3)",
    stage: 'LowCardinality(String)',
    code: 'LowCardinality(String)',
    detail: 'String',
    conflicts: 'Array(LowCardinality(String))',
    clockSynchronised: 'Nullable(Bool)',
    clockOffsetUs: 'Nullable(Int64)',
    clockUncertaintyUs: 'Nullable(UInt64)',
    software: 'LowCardinality(String)',
    values: 'Array(Nullable(Int64))',
    received: "DateTime64(6, 'UTC')",
    source: 'IPv6',
    line: 'LowCardinality(String)',
    place: 'LowCardinality(String)',
    carrier: 'LowCardinality(String)',
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
    columns: {
      code: 'String',
      name: 'String',
      level:
        "Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5, 'hamlet' = 6)",
      parent: 'String',
      kind: 'LowCardinality(String)',
      outside: 'Bool',
    },
  },
  place_versions: {
    params: { place: 'String' },
    columns: {
      code: 'String',
      name: 'String',
      level:
        "Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5, 'hamlet' = 6)",
      parent: 'String',
      kind: 'LowCardinality(String)',
      validFrom: 'Date',
      validTo: 'Date',
      source: 'LowCardinality(String)',
      import: 'String',
      ending: 'LowCardinality(String)',
      successors: 'Array(String)',
      outside: 'Bool',
      note: 'String',
      lat: 'Nullable(Float64)',
      lon: 'Nullable(Float64)',
      givenLat: 'Nullable(Float64)',
      givenLon: 'Nullable(Float64)',
      crs: 'LowCardinality(String)',
    },
  },
  place_predecessors: {
    params: { place: 'String' },
    columns: { code: 'String', ending: 'LowCardinality(String)', validTo: 'Date' },
  },
  place_statistics: {
    params: { place: 'String' },
    columns: {
      asOf: 'UInt16',
      residents: 'Nullable(UInt32)',
      households: 'Nullable(UInt32)',
      source: 'String',
      import: 'String',
    },
  },
  places_of_source: {
    params: { source: 'String' },
    columns: { import: 'String', places: 'UInt64' },
  },
  probe_tokens: {
    params: {},
    columns: { probe: 'String', line: 'String', tokenSha256: 'FixedString(64)' },
  },
  line_versions: {
    params: {},
    columns: {
      line: 'String',
      place: 'String',
      carrier: 'LowCardinality(String)',
      validFrom: 'Date',
      validTo: 'Date',
    },
  },
  line_register: {
    params: {},
    columns: {
      line: 'String',
      place: 'String',
      carrier: 'LowCardinality(String)',
      technology: 'LowCardinality(String)',
      subscribedDownBps: 'Nullable(UInt64)',
      subscribedUpBps: 'Nullable(UInt64)',
      opticalNode: 'String',
      onu: 'String',
      validFrom: 'Date',
      validTo: 'Date',
    },
  },
  lines_between: {
    params: { first: 'Date', last: 'Date' },
    columns: {
      line: 'String',
      place: 'String',
      carrier: 'LowCardinality(String)',
      technology: 'LowCardinality(String)',
      subscribedDownBps: 'Nullable(UInt64)',
      subscribedUpBps: 'Nullable(UInt64)',
    },
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
    columns: {
      line: 'String',
      place: 'String',
      carrier: 'LowCardinality(String)',
      technology: 'LowCardinality(String)',
      subscribedDownBps: 'Nullable(UInt64)',
      subscribedUpBps: 'Nullable(UInt64)',
    },
  },
  lines_registered: {
    params: { first: 'Date', last: 'Date' },
    columns: { lines: 'UInt64' },
  },
  line_places: { params: { line: 'String' }, columns: { place: 'String' } },
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
    columns: {
      area: 'String',
      observed: 'UInt32',
      registered: 'UInt32',
      passed: 'UInt32',
      placesObserved: 'UInt32',
      value: 'Nullable(Float64)',
      low: 'Nullable(Float64)',
      high: 'Nullable(Float64)',
      newest: "Nullable(DateTime64(6, 'UTC'))",
    },
  },
  area_month_map: {
    params: { month: 'String', run: 'UInt64' },
    columns: {
      target: 'LowCardinality(String)',
      carrier: 'LowCardinality(String)',
      level: "Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5)",
      area: 'String',
      observed: 'UInt32',
      registered: 'UInt32',
      passed: 'UInt32',
      placesObserved: 'UInt32',
      value: 'Nullable(Float64)',
      low: 'Nullable(Float64)',
      high: 'Nullable(Float64)',
      newest: "Nullable(DateTime64(6, 'UTC'))",
    },
  },
  register_signature: { params: {}, columns: { signature: 'String' } },
  rollups_done: {
    params: {},
    columns: {
      scope: "Enum8('day' = 1, 'month' = 2)",
      period: 'String',
      run: 'UInt64',
      signature: 'String',
      rules: 'String',
      rows: 'UInt64',
      lines: 'UInt64',
      newest: "Nullable(DateTime64(6, 'UTC'))",
      done: "DateTime64(6, 'UTC')",
    },
  },
  measured_days: { params: {}, columns: { day: 'String', signature: 'String' } },
  lines_signature: {
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
    columns: { probe: 'String', line: 'String', revoked: "Nullable(DateTime64(3, 'UTC'))" },
  },
  probe_line: { params: { probe: 'String' }, columns: { line: 'String' } },
  sequence_rows: {
    params: { probe: 'String', sequence: 'UInt64' },
    columns: { metric: 'LowCardinality(String)', start: "DateTime64(3, 'UTC')" },
  },
  editions: {
    params: {},
    columns: {
      month: 'String',
      edition: 'UInt32',
      sealed: "DateTime64(3, 'UTC')",
      sha256: 'FixedString(64)',
    },
  },
  edition_document: {
    params: { month: 'String', edition: 'UInt32' },
    columns: {
      month: 'String',
      edition: 'UInt32',
      sealed: "DateTime64(3, 'UTC')",
      sha256: 'FixedString(64)',
      document: 'String',
    },
  },
  retired_days: {
    params: {},
    columns: {
      table: 'LowCardinality(String)',
      day: 'Date',
      at: "DateTime64(6, 'UTC')",
      rule: "Enum8('failures-kept' = 1, 'dropped' = 2)",
      limitDays: 'UInt32',
      rowsBefore: 'UInt64',
      rowsKept: 'UInt64',
      done: 'Bool',
    },
  },
  imports: {
    params: { kind: 'String', limit: 'UInt32' },
    columns: {
      import: 'String',
      kind: 'LowCardinality(String)',
      file: 'String',
      sha256: 'FixedString(64)',
      sizeB: 'UInt64',
      rows: 'UInt64',
      by: 'String',
      note: 'String',
      at: "DateTime64(6, 'UTC')",
    },
  },
  filing_versions: {
    params: { month: 'String' },
    columns: {
      month: 'LowCardinality(String)',
      carrier: 'LowCardinality(String)',
      import: 'String',
      sha256: 'FixedString(64)',
      received: "DateTime64(6, 'UTC')",
      places: 'UInt32',
      areas: 'UInt32',
      warnings: 'UInt32',
    },
  },
  filing_places: {
    params: { month: 'String', carrier: 'String', import: 'String', within: 'String' },
    columns: {
      place: 'String',
      row: 'UInt32',
      reached: 'Bool',
      technology: 'LowCardinality(String)',
      opticalNode: 'String',
      reachedOn: 'Nullable(Date)',
      mobile: 'LowCardinality(String)',
      note: 'String',
    },
  },
  filing_place_codes: {
    params: { month: 'String', carrier: 'String', import: 'String' },
    columns: { place: 'String' },
  },
  library_prefixes: {
    params: {},
    columns: {
      prefix: 'String',
      holder: 'String',
      carrier: 'LowCardinality(String)',
      area: 'String',
      purpose: 'LowCardinality(String)',
      partOf: 'String',
      validFrom: 'Date',
      validTo: 'Date',
      source: 'String',
      import: 'String',
    },
  },
  library_services: {
    params: {},
    columns: {
      name: 'String',
      original: 'String',
      holder: 'String',
      kind: 'LowCardinality(String)',
      level: 'LowCardinality(String)',
      area: 'String',
      url: 'String',
      families: 'Array(UInt8)',
      lines: 'Array(String)',
      validFrom: 'Date',
      validTo: 'Date',
      source: 'String',
      import: 'String',
    },
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
} as const satisfies Record<string, Question>;

export type QueryName = keyof typeof queries;
export type QueryParameters<Name extends QueryName> = ParametersOf<
  (typeof queries)[Name]['params']
>;
export type QueryRow<Name extends QueryName> = RowOf<(typeof queries)[Name]['columns']>;

/**
 * What every indicator is asked and answers, one row per line with enough evidence; an indicator
 * may leave a parameter unused but can ask for no other.
 */
export const indicator = {
  params: {
    start: 'DateTime64(3)',
    end: 'DateTime64(3)',
    minimumRuns: 'UInt32',
    minimumDays: 'UInt32',
    passRatio: 'Float64',
  },
  columns: {
    line: 'LowCardinality(String)',
    place: 'String',
    carrier: 'String',
    value: 'Float64',
    passed: 'Bool',
    runs: 'UInt64',
    days: 'UInt64',
    newest: "DateTime64(6, 'UTC')",
  },
} as const satisfies Question;

export type IndicatorParameters = ParametersOf<(typeof indicator)['params']>;
export type IndicatorRow = RowOf<(typeof indicator)['columns']>;

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
      kinds: 'Array(String)',
      villageKinds: 'Array(Array(String))',
    },
  },
} as const satisfies Record<string, { readonly into: TableName; readonly params: Columns }>;

export type RollupName = keyof typeof rollups;
export type RollupParameters<Name extends RollupName> = ParametersOf<
  (typeof rollups)[Name]['params']
>;
