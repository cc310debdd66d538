/**
 * What version 1 of the probes in the field sends and was sent, for ever: these files are added to,
 * never changed. A probe installed today must still be understood when it is dug out in ten years.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { instructionSchema, targetsOf } from '../../../probes/instruction.ts';
import { measurementSchema } from '../../../probes/measurement.ts';
import { encodeReport, reportHeaderSchema } from '../../../probes/report.ts';

const golden = (name: string) =>
  readFileSync(new URL(`../../golden/${name}`, import.meta.url), 'utf8');

describe('report, version 1', () => {
  const text = golden('report-v1.ndjson');
  const [first = '', ...lines] = text.trimEnd().split('\n');

  it('is read and written again byte for byte', () => {
    const header = reportHeaderSchema.parse(JSON.parse(first));
    const measurements = lines.map((line) => measurementSchema.parse(JSON.parse(line)));
    expect(header.results).toBe(measurements.length);
    expect(encodeReport({ date: header.date, agentId: header.agentId }, measurements)).toBe(text);
  });

  it('holds every outcome and both families', () => {
    const measurements = lines.map((line) => measurementSchema.parse(JSON.parse(line)));
    expect(new Set(measurements.map(({ outcome }) => outcome.status))).toEqual(
      new Set(['ok', 'failed', 'skipped']),
    );
    expect(new Set(measurements.map(({ family }) => family))).toEqual(new Set([4, 6]));
  });

  it.each(['received', 'source', 'place', 'line', 'carrier', 'admission'])(
    'has no %s: what only the station can know is dropped at the door',
    (key) => {
      for (const line of lines) {
        const forged = { ...JSON.parse(line), [key]: 'forged' };
        expect(JSON.stringify(measurementSchema.parse(forged))).toBe(line);
      }
    },
  );

  it.each(Object.keys(measurementSchema.shape).filter((key) => !['samples', 'hops'].includes(key)))(
    'is refused without %s',
    (key) => {
      const { [key]: _, ...rest } = JSON.parse(lines[0] ?? '');
      expect(measurementSchema.safeParse(rest).success).toBe(false);
    },
  );
});

describe('instruction, version 1', () => {
  const text = golden('instruction-v1.json');

  it('is read and written again byte for byte', () => {
    expect(`${JSON.stringify(instructionSchema.parse(JSON.parse(text)))}\n`).toBe(text);
  });

  it('has tasks with one target or a list of them, never both and never none', () => {
    const known = JSON.parse(text);
    const { target, ...task } = known.tasks[0];
    const read = (change: object) =>
      instructionSchema.safeParse({ ...known, tasks: [{ ...task, ...change }, known.tasks[1]] });
    const many = read({ targets: ['::1', 'b.example'] });
    expect(many.data?.tasks.map(targetsOf)).toEqual([
      ['::1', 'b.example'],
      [known.tasks[1].target],
    ]);
    expect(read({}).success).toBe(false);
    expect(read({ targets: [] }).success).toBe(false);
    expect(read({ target, targets: ['::1'] }).success).toBe(false);
    expect(read({ targets: Array(10_001).fill('::1') }).success).toBe(false);
  });

  it('is refused with a key or a version nobody knows', () => {
    const known = JSON.parse(text);
    for (const change of [{ version: 2 }, { tsks: [] }])
      expect(instructionSchema.safeParse({ ...known, ...change }).success).toBe(false);
  });
});
