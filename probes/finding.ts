/** What a metric's run comes to, as the record wants it. Pure. */
import type { Hop, Outcome } from './measurement.ts';
import type { Finding, ValueSpec } from './metric.ts';

/** Values by name; undefined is "no such value this time" and is left out, never written as 0. */
export type Measured = Readonly<Record<string, number | undefined>>;

export interface Evidence {
  readonly outcome: Outcome;
  readonly address?: string;
  readonly values?: Measured;
  readonly samples?: readonly number[];
  readonly hops?: readonly Hop[];
  /** Where it is not the metric's own. */
  readonly method?: string;
}

/**
 * @param specs the metric's values: what is reported is rounded to their resolution
 * @throws where a value is not declared: that is a mistake in the metric
 */
export function finding(specs: readonly ValueSpec[], evidence: Evidence): Finding {
  const values: Record<string, number> = {};
  const measured = evidence.values ?? {};
  let declared = 0;
  for (const { name, resolution } of specs) {
    const value = measured[name];
    if (name in measured) declared++;
    if (value !== undefined) values[name] = rounded(value, resolution);
  }
  if (declared !== Object.keys(measured).length) {
    const stranger = Object.keys(measured).find(
      (name) => !specs.some((spec) => spec.name === name),
    );
    throw new TypeError(`the metric declares no value ${stranger}`);
  }
  const { outcome, address = null, samples, hops, method } = evidence;
  return {
    outcome,
    address,
    values,
    ...(samples?.length ? { samples } : {}),
    ...(hops?.length ? { hops } : {}),
    ...(method === undefined ? {} : { method }),
  };
}

/** The nearest whole multiple of `resolution`, without the dust of binary fractions. */
export function rounded(value: number, resolution: number): number {
  // Dividing by a whole number gives the double that is nearest to the decimal.
  const perUnit = Math.round(1 / resolution);
  return resolution < 1
    ? Math.round(value * perUnit) / perUnit
    : Math.round(value / resolution) * resolution;
}
