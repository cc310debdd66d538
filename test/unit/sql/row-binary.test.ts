import { describe, expect, it } from 'vitest';
import { encodeRows } from '../../../sql/row-binary.ts';

const hex = (type: string, value: unknown) =>
  Buffer.from(encodeRows({ x: type }, [{ x: value }])).toString('hex');

describe('one value', () => {
  it.each([
    ['UInt8', 255, 'ff'],
    ['Int8', -1, 'ff'],
    ['UInt16', 258, '0201'],
    ['Int32', -2, 'feffffff'],
    ['UInt64', 2 ** 53 - 1, 'ffffffffffff1f00'],
    ['Int64', -(2 ** 53) + 1, '010000000000e0ff'],
    ['Int64', -256, '00ffffffffffffff'],
    ['Float32', 1.5, '0000c03f'],
    ['Float64', -0.1, '9a9999999999b9bf'],
    ['Bool', true, '01'],
    ['String', '', '00'],
    ['String', '通达', '06e9809ae8bebe'],
    ['String', 'a'.repeat(300), `ac02${'61'.repeat(300)}`],
    ['String', new Uint8Array([0xff, 0x00]), '02ff00'],
    ['LowCardinality(String)', 'ok', '026f6b'],
    ['FixedString(3)', 'abc', '616263'],
    ['Nullable(UInt8)', null, '01'],
    ['Nullable(UInt8)', 7, '0007'],
    ['Array(LowCardinality(String))', ['a', ''], '02016100'],
    ['Date', '1970-01-02', '0100'],
    ['Date', '2149-06-06', 'ffff'],
    ["DateTime64(3, 'UTC')", '1970-01-01T00:00:01.002Z', 'ea03000000000000'],
    ["DateTime64(6, 'UTC')", '1970-01-01T00:00:01.002Z', '104a0f0000000000'],
    ["DateTime64(6, 'UTC')", '1969-12-31T23:59:59.999999Z', 'ffffffffffffffff'],
    ["Enum8('ok' = 1, 'failed' = -2)", 'failed', 'fe'],
    ['IPv6', '2001:db8::2', '20010db8000000000000000000000002'],
    ['IPv6', '::', '0'.repeat(32)],
    ['IPv6', '::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['IPv6', '1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ])('%s %j', (type, value, bytes) => {
    expect(hex(type, value)).toBe(bytes);
  });

  it.each([
    ['UInt8', 256],
    ['UInt8', -1],
    ['Int8', 128],
    ['UInt64', 2 ** 53],
    ['Int64', 1.5],
    ['Int64', '7'],
    ['UInt8', null],
    ['UInt8', undefined],
    ['Nullable(UInt8)', undefined],
    ['Float64', '1'],
    ['Bool', 1],
    ['String', 7],
    ['FixedString(3)', 'ab'],
    ['Array(String)', 'a'],
    ['Date', '2026-13-01'],
    ["DateTime64(3, 'UTC')", '2026-11-24T00:00:00.0001Z'],
    ["DateTime64(3, 'UTC')", '2026-11-24T00:00:00.000+08:00'],
    ["DateTime64(3, 'UTC')", 'yesterday'],
    ["Enum8('ok' = 1)", 'perhaps'],
    ['IPv6', '192.0.2.1'],
    ['IPv6', '1::2::3'],
    ['IPv6', '1:2:3:4:5:6:7'],
    ['IPv6', '2001:db8::fffff'],
    ['Tuple(UInt8)', [1]],
  ])('%s refuses %j', (type, value) => {
    expect(() => hex(type, value)).toThrow(TypeError);
  });
});

describe('rows', () => {
  it('follow each other in the order of the columns', () => {
    const bytes = encodeRows({ b: 'UInt8', a: 'String' }, [
      { a: 'x', b: 1 },
      { b: 2, a: 'y' },
    ]);
    expect(Buffer.from(bytes).toString('hex')).toBe('010178020179');
  });

  it('may be many', () => {
    const rows = Array.from({ length: 50_000 }, (_, n) => ({ n, s: 'a text of some length' }));
    expect(encodeRows({ n: 'UInt32', s: 'String' }, rows)).toHaveLength(50_000 * (4 + 1 + 21));
  });

  it('name the column that does not fit', () => {
    expect(() => encodeRows({ a: 'UInt8', b: 'UInt8' }, [{ a: 1, b: 300 }])).toThrow(/^b: wants/);
    expect(() => encodeRows({ a: 'UInt8' }, [{ a: 1, c: 2 }])).toThrow(/^c: /);
  });
});
