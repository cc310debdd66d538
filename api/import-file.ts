/** What every `… import` command shares: its options, its progress, its faults and its exit code. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Imported, Origin, Progress } from '../ingest/import.ts';
import type { RowFault } from '../ingest/table-file.ts';
import { Fault } from '../probes/fault.ts';
import { print, printable } from './console.ts';

export interface ImportOptions {
  readonly by: string;
  readonly note: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function importOptions(command: Command): Command {
  return command
    .requiredOption('--by <name>', '谁来负责 who answers for it')
    .option('--note <text>', '缘由 why', '')
    .option('--dry-run', '只检查,不入库 check only, store nothing')
    .option('--json', '机器可读的结果 machine-readable result');
}

/** @throws Fault `file-missing`, `import-unsigned` */
export function originOf(path: string, { by, note }: ImportOptions): Origin {
  if (by.trim() === '')
    throw new Fault('import-unsigned', '请写明由谁负责(--by)', 'name who answers for it (--by)');
  try {
    return { file: basename(path), bytes: readFileSync(path), by, note };
  } catch (cause) {
    throw fileMissing(path, cause);
  }
}

export function fileMissing(path: string, cause: unknown): Fault {
  return new Fault(
    'file-missing',
    `读不到文件 ${path}:请检查路径`,
    `cannot read ${path}: check the path`,
    { cause },
  );
}

/** On standard error, redrawn on a terminal, a line for each tenth elsewhere. */
export function importProgress(): Progress {
  let shown = -1;
  return (done, total) => {
    const tenths = total > 0 ? Math.floor((done / total) * 10) : 10;
    if (tenths === shown) return;
    shown = tenths;
    const bar = `${'█'.repeat(tenths)}${'░'.repeat(10 - tenths)} ${done}/${total}`;
    process.stderr.write(
      process.stderr.isTTY ? `\r${bar}${done === total ? '\n' : ''}` : `${bar}\n`,
    );
  };
}

/** Ends with exit code 1 when there were faults; nothing was stored then. */
export function tellImport(imported: Imported, { dryRun, json }: ImportOptions): void {
  const { rows, faults, faultCount, warnings = [], warningCount = 0 } = imported;
  if (faultCount > 0) process.exitCode = 1;
  if (json) {
    print(JSON.stringify(imported));
    return;
  }
  for (const fault of faults) print(told(fault));
  if (faultCount > faults.length)
    print(`……另有 ${faultCount - faults.length} 处 · and ${faultCount - faults.length} more`);
  for (const warning of warnings) print(`请核对 to look at\t${told(warning)}`);
  if (warningCount > warnings.length)
    print(
      `……另有 ${warningCount - warnings.length} 处请核对 · and ${warningCount - warnings.length} more to look at`,
    );
  if (faultCount > 0)
    print(`未入库:${faultCount} 处错误 · nothing was stored: ${faultCount} faults`);
  else if (dryRun)
    print(`可以入库:${rows} 行(未写入)· would be stored: ${rows} rows (nothing written)`);
  else print(`已入库 ${rows} 行,编号 · stored ${rows} rows as ${imported.import}`);
}

function told({ line, column, code, zh, en, text }: RowFault): string {
  const cells = [`第 ${line} 行 line ${line}`, column, `[${code}]`, `${zh} · ${en}`, text];
  // The header's titles stand in column and words as the file has them.
  return cells.map(printable).join('\t');
}
