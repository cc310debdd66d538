import { describe, expect, it } from 'vitest';
import { RowFaults } from '../../../ingest/row-faults.ts';
import { FAULTS_KEPT } from '../../../ingest/table-file.ts';

describe('faults of a file', () => {
  it('stand in the order of lines, under the names the header has', () => {
    const faults = new RowFaults({ titles: { place: '地点' } });
    faults.add(9, 'place', 'b', '错', 'wrong');
    faults.at(3)('carrier', 'z', '错', 'wrong', 'x'.repeat(100));
    faults.at(9)('place', 'a', '错', 'wrong');
    expect(faults.list().map(({ line, column, code }) => [line, column, code])).toEqual([
      [3, 'carrier', 'z'],
      [9, '地点', 'a'],
      [9, '地点', 'b'],
    ]);
    expect(faults.list()[0]?.text).toBe('x'.repeat(80));
  });

  it('go on from those of the reading, are all counted, and not all kept', () => {
    const fault = { line: 2, column: 'a', code: 'c', zh: '错', en: 'wrong', text: '' };
    const faults = new RowFaults({ faults: [fault], faultCount: 7 });
    for (let line = 3; line < FAULTS_KEPT + 10; line++) faults.add(line, 'a', 'c', '错', 'wrong');
    expect(faults.count).toBe(7 + FAULTS_KEPT + 7);
    expect(faults.list()).toHaveLength(FAULTS_KEPT);
    expect(faults.list()[0]).toEqual(fault);
  });
});
