import { expect, it } from 'vitest';
import { metricViewSql } from '../../../sql/metric-views.ts';

const metric = (name: string, resolution: number, count = 1) => ({
  name,
  values: Array.from({ length: count }, (_, index) => ({ name: `value${index}Ms`, resolution })),
});

it('maps slots to names and units', () => {
  const sql = metricViewSql({
    name: 'icmp-rtt',
    values: [
      { name: 'rttMedianMs', resolution: 0.001 },
      { name: 'rateBps', resolution: 8 },
    ],
  });
  expect(sql).toContain('CREATE OR REPLACE VIEW metric_icmp_rtt AS');
  expect(sql).toContain('v0 / 1000 AS `rttMedianMs`');
  expect(sql).toContain('toFloat64(v1) * 8 AS `rateBps`');
  expect(sql).toContain("WHERE metric = 'icmp-rtt'");
});

it.each([
  ['a name that would not stay a name', metric("x'; DROP TABLE place", 1)],
  ['more values than slots', metric('wide', 1, 17)],
  ['a resolution that is no part of a whole', metric('odd', 0.3)],
  ['a resolution of nothing', metric('none', 0)],
  [
    'a value named like a common column',
    { name: 'm', values: [{ name: 'received', resolution: 1 }] },
  ],
  ['a value name that is none', { name: 'm', values: [{ name: 'a`b', resolution: 1 }] }],
])('refuses %s', (_name, shape) => {
  expect(() => metricViewSql(shape)).toThrow(TypeError);
});
