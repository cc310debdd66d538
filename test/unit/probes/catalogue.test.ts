import { describe, expect, it } from 'vitest';
import { METRICS, metricNamed } from '../../../probes/catalogue.ts';
import { nameSchema } from '../../../probes/measurement.ts';

/** A name ends in its unit; counts and ratios have none to end in. */
const SUFFIXES: Readonly<Record<string, RegExp>> = {
  ms: /[a-z0-9]Ms$/,
  s: /[a-z0-9]S$/,
  'bit/s': /[a-z0-9]Bps$/,
  '1/min': /[a-z0-9]Rpm$/,
  B: /[a-z0-9]B$/,
  '1': /(?<!Ms|Bps|B)$/,
};

describe.each(METRICS.map((metric) => [metric.name, metric] as const))('%s', (name, metric) => {
  it('has a name, a method of that name, titles and a source', () => {
    expect(nameSchema.safeParse(name).success).toBe(true);
    expect(metric.method).toMatch(new RegExp(`^${name}/[1-9]\\d*$`));
    expect(metric.title.zh).toMatch(/\p{Script=Han}/u);
    expect(metric.title.en).toMatch(/^[\x20-\x7e]+$/);
    expect(metric.source).toMatch(/RFC \d+/);
    expect(metric.targetHint).not.toBe('');
  });

  it('is found by its name', () => expect(metricNamed(name)).toBe(metric));

  it('declares at most 16 values of different names', () => {
    const names = metric.values.map((value) => value.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(0);
    expect(names.length).toBeLessThanOrEqual(16);
  });

  it.each(metric.values.map((value) => [value.name, value] as const))('%s', (valueName, value) => {
    expect(valueName).toMatch(/^[a-z][A-Za-z0-9]{0,47}$/);
    expect(SUFFIXES[value.unit], `unit ${value.unit}`).toBeDefined();
    expect(valueName).toMatch(SUFFIXES[value.unit] ?? /never/);
    expect(value.title.zh).toMatch(/\p{Script=Han}/u);
    expect(value.title.en).toMatch(/^[\x20-\x7e]+$/);
    expect(Number.isInteger(Math.log10(value.resolution))).toBe(true);
    if (valueName.endsWith('Ratio')) expect(value.resolution).toBeLessThan(1);
  });

  it('runs without parameters, and refuses unknown ones', () => {
    expect(metric.parameters.safeParse({}).success).toBe(true);
    expect(metric.parameters.safeParse({ surprise: 1 }).success).toBe(false);
  });
});

describe('METRICS', () => {
  it('bounds beforehand what a metric that carries bodies can move', () => {
    for (const { name, values, parameters, costB } of METRICS) {
      const carries = values.some((value) => /^(moved|payload|body)B$/.test(value.name));
      const wanted = parameters.parse({}) as { readonly limitB?: number };
      if (carries || wanted.limitB)
        expect(costB?.(wanted), name).toBeGreaterThan(wanted.limitB ?? 0);
    }
  });

  it('knows which metrics disturb the others', () => {
    expect(METRICS.filter(({ load }) => load === 'loud').map(({ name }) => name)).toEqual([
      'throughput',
      'ndt7',
    ]);
  });

  it('keeps the storage contract: values are appended, never renamed, reordered or rescaled', async () => {
    const contract = METRICS.map(({ name, method, values }) => ({
      name,
      method,
      values: values.map((value) => `${value.name} ${value.resolution} ${value.unit}`),
    }));
    await expect(`${JSON.stringify(contract, null, 2)}\n`).toMatchFileSnapshot(
      '../../golden/catalogue.json',
    );
  });

  it('knows nothing of what it does not have', () => {
    expect(metricNamed('carrier-pigeon')).toBeUndefined();
  });
});
