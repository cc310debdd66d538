/** What the head of an indicator's file may say. */
import { describe, expect, it } from 'vitest';
import { INDICATORS, parseIndicator } from '../../../sql/indicator.ts';

const head = (changes: Readonly<Record<string, string | null>> = {}) =>
  Object.entries({
    'title.zh': '往返时延',
    'title.en': 'Round-trip time',
    method: 'round-trip-time/1',
    kind: 'median',
    subject: 'line',
    unit: 'ms',
    source: 'RFC 2681',
    ...changes,
  })
    .flatMap(([key, value]) => (value === null ? [] : [`-- ${key}: ${value}`]))
    .join('\n');
const OF_LINES = {
  from: 'metric_icmp_rtt',
  runs: 'family = 4 AND rttMedianMs IS NOT NULL',
  value: 'quantileExactInclusiveIf(0.5)(assumeNotNull(rttMedianMs), counts)',
};

describe('an indicator’s file', () => {
  it('holds its question, or says in its head which runs of lines count for what', () => {
    const whole = parseIndicator('rtt', `${head()}\nSELECT 1\n`);
    expect(whole).toMatchObject({ line: null, sql: `${head()}\nSELECT 1\n`, kind: 'median' });
    const { line, sql } = parseIndicator('rtt', `${head(OF_LINES)}\n--\n-- Words.\n`);
    expect(line).toEqual({ ...OF_LINES, over: null, passes: false });
    for (const part of [OF_LINES.from, OF_LINES.runs]) expect(sql).toContain(part);
    expect(sql).toContain('quantileExactInclusiveIf(0.5)(assumeNotNull(rttMedianMs), counts1)');
    expect(parseIndicator('rtt', head({ ...OF_LINES, kind: 'ratio' })).line?.passes).toBe(true);
  });

  it.each([
    ['a key is missing', head({ unit: null }), 'the head lacks "-- unit:"'],
    ['a value is none of those there are', head({ kind: 'mean' }), 'kind is ratio or'],
    ['a quotient is of no area', head({ kind: 'quotient', base: 'own' }), 'subject is area'],
    ['runs count for nothing', head({ ...OF_LINES, value: null }), 'the head lacks "-- value:"'],
    ['villages have no runs of their own', head({ ...OF_LINES, subject: 'village' }), 'of lines'],
    ['there are two questions', `${head(OF_LINES)}\nSELECT 1`, 'and all there is'],
  ])('is refused where %s', (_, sql, message) => {
    expect(() => parseIndicator('rtt', sql)).toThrow(message);
  });

  it('has a method that bears its name', () => {
    for (const { name, method } of INDICATORS.values())
      expect(method).toMatch(RegExp(`^${name}/\\d+$`));
  });
});
