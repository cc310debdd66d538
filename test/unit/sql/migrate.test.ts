import { describe, expect, it } from 'vitest';
import { listMigrations, planMigrations } from '../../../sql/migrate.ts';

const file = (name: string, sha256 = name) => ({ file: name, sql: `-- ${name}`, sha256 });
const FILES = [file('001_a.sql'), file('002_b.sql'), file('003_c.sql')];

describe('planMigrations', () => {
  it.each([
    [0, ['001_a.sql', '002_b.sql', '003_c.sql']],
    [2, ['003_c.sql']],
    [3, []],
  ])('after %i applied files there remain %j', (applied, remaining) => {
    expect(planMigrations(FILES, FILES.slice(0, applied)).map((f) => f.file)).toEqual(remaining);
  });

  it.each([
    ['a changed file', FILES, [file('001_a.sql', 'other')], 'schema-drift'],
    ['a renamed file', [file('001_z.sql', '001_a.sql')], [file('001_a.sql')], 'schema-drift'],
    ['a gap in the files', [file('001_a.sql'), file('003_c.sql')], [], 'schema-drift'],
    ['two files of one number', [file('001_a.sql'), file('001_b.sql')], [], 'schema-drift'],
    ['a file without a number', [file('a.sql')], [], 'schema-drift'],
    [
      'a file the database passed over',
      FILES,
      [file('001_a.sql'), file('003_c.sql')],
      'schema-drift',
    ],
    ['a newer database', FILES, [...FILES, file('004_d.sql')], 'schema-newer'],
  ])('refuses %s', (_name, files, applied, code) => {
    expect(() => planMigrations(files, applied)).toThrow(expect.objectContaining({ code }));
  });
});

it('every schema file is one statement that may run twice', () => {
  for (const { file: name, sql } of listMigrations()) {
    const statement = sql.replace(/--.*$/gm, '').trim();
    expect([name, statement.includes(';')]).toEqual([name, false]);
    expect(statement).toMatch(/\bIF NOT EXISTS\b|^CREATE OR REPLACE VIEW\b/);
  }
});
