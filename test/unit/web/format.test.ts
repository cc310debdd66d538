import { describe, expect, it } from 'vitest';
import {
  dateTime,
  figure,
  interval,
  monthName,
  number,
  quantity,
  scaleFor,
  timeOfDay,
} from '../../../web/format.ts';

describe('figure beside its goal', () => {
  it.each([
    [0.9496, '94.96%'],
    [0.94999, '94.999%'],
    [0.95, '95.0%'],
    [0.9503, '95.0%'],
    [1, '100%'],
    [0, '0%'],
    [1.145, '114.5%'],
  ])('%d reads %s', (value, text) => {
    expect(figure(value, '1', 'ratio', 0.95)).toBe(text);
  });

  it('keeps to the good side below an upper goal as well', () => {
    expect(figure(0.0100004, '1', 'p80', 0.01, 'atMost')).toBe('1.00004%');
    expect(figure(0.01, '1', 'p80', 0.01, 'atMost')).toBe('1.0%');
    expect(figure(0.0004, '1', 'p80', 0.01, 'atMost')).toBe('0.04%');
    expect(figure(-0.031, '1', 'median', 0.05, 'atMost')).toBe('−3.1%');
    expect(figure(20.04, 'ms', 'p80', 20, 'atMost')).toBe('20.04 ms');
  });

  it('prints an interval that is small or begins below zero', () => {
    expect(interval(0.0002, 0.0004, '1', 'median')).toBe('0.02–0.04%');
    expect(interval(-0.03, 0.02, '1', 'median')).toBe('−3.0 … 2.0%');
  });

  it('does not round a share up to 100%', () => {
    expect(figure(0.9999, '1', 'ratio', 1)).toBe('99.99%');
  });

  it('never crosses the goal by rounding, whatever the value', () => {
    for (let step = 0; step <= 2_000; step++) {
      const value = 0.9 + step * 5e-5;
      const printed = Number.parseFloat(figure(value, '1', 'ratio', 0.95)) / 100;
      expect(printed >= 0.95, `${value} printed ${printed}`).toBe(value >= 0.95);
    }
  });

  it('prints rates in the unit of the larger of figure and goal', () => {
    expect(figure(8.4e6, 'bit/s', 'median', 2e7)).toBe('8.4 Mbit/s');
    expect(figure(1.9999e7, 'bit/s', 'median', 2e7)).toBe('19.999 Mbit/s');
  });
});

describe('quantities', () => {
  it('scales bit/s and bytes by thousands and never invents a unit for counts', () => {
    expect(quantity(23_400_000, 'bit/s')).toBe('23.4 Mbit/s');
    expect(quantity(9.42e9, 'bit/s')).toBe('9.42 Gbit/s');
    expect(quantity(512, 'B')).toBe('512 B');
    expect(quantity(0, 'bit/s')).toBe('0 bit/s');
    expect(quantity(7, '1', 'hops')).toBe('7');
  });

  it('takes 1 for a share only where the name says so', () => {
    expect(quantity(0.0125, '1', 'lossRatio')).toBe('1.25%');
    expect(scaleFor('1', 'packetsSent', 10)).toEqual({ factor: 1, unit: '' });
  });

  it('keeps three significant digits and a real minus', () => {
    expect([0.041, 1.234, 12.34, 123.4, 12_345, -3.2].map(number)).toEqual([
      '0.041',
      '1.23',
      '12.3',
      '123',
      '12,345',
      '−3.2',
    ]);
  });

  it('prints both ends of an interval in one unit', () => {
    expect(interval(0.865, 0.9891, '1', 'ratio')).toBe('86.5–98.9%');
    expect(interval(0.0003, 21_955 / 21_958, '1', 'standing')).toBe('0.03–99.99%');
    expect(interval(0, 1, '1', 'ratio')).toBe('0–100%');
    expect(interval(900_000, 1_200_000, 'bit/s', 'median')).toBe('0.9–1.2 Mbit/s');
  });
});

describe('times', () => {
  it('are on Chinese clocks wherever the reader is', () => {
    expect(process.env.TZ).toBe('America/St_Johns');
    expect(dateTime('2026-10-31T16:00:00.000Z')).toBe('2026-11-01 00:00');
    expect(timeOfDay('2026-11-24T10:03:07.000Z')).toBe('18:03:07');
  });

  it('name months in both languages', () => {
    expect(monthName('2026-01', 'zh')).toBe('2026 年 1 月');
    expect(monthName('2026-12', 'en')).toBe('December 2026');
  });
});
