/** What the command line says of an error, and the exit code. Pure. */
import { CommanderError } from 'commander';
import { Fault } from './fault.ts';

const EXIT_USAGE = 2;
const EXIT_TROUBLE = 4;

/** What commander finds wrong, in Chinese; the details are in its own sentence. */
const USAGE: Readonly<Record<string, string>> = {
  'commander.unknownCommand': '没有这个命令:用 tongda-probe --help 查看全部命令',
  'commander.unknownOption': '没有这个选项:在命令后加 --help 查看全部选项',
  'commander.missingArgument': '缺少参数:在命令后加 --help 查看用法',
  'commander.excessArguments': '参数过多:在命令后加 --help 查看用法',
  'commander.optionMissingArgument': '选项缺少取值:在命令后加 --help 查看用法',
  'commander.missingMandatoryOptionValue': '缺少必需的选项:在命令后加 --help 查看用法',
  'commander.invalidArgument': '选项取值不合要求:在命令后加 --help 查看用法',
};

export interface Complaint {
  readonly exitCode: number;
  /** For standard error. */
  readonly text: string;
}

export function complaint(error: unknown): Complaint {
  if (error instanceof CommanderError) {
    // Help and version were asked for and printed; without a command the help was printed instead.
    if (error.exitCode === 0) return { exitCode: 0, text: '' };
    if (error.code === 'commander.help') return { exitCode: EXIT_USAGE, text: '' };
    const zh = USAGE[error.code] ?? '用法有误:在命令后加 --help 查看用法';
    return said(EXIT_USAGE, 'wrong-usage', zh, error.message.replace(/^error: /, ''));
  }
  if (error instanceof Fault) return said(EXIT_USAGE, error.code, error.zh, error.en);
  const { code = 'unexpected', message } = error as NodeJS.ErrnoException;
  return said(EXIT_TROUBLE, code, `意外错误:${message}`, `unexpected: ${message}`);
}

function said(exitCode: number, code: string, zh: string, en: string): Complaint {
  return { exitCode, text: `错误 [${code}] ${zh}\nerror [${code}] ${en}\n` };
}
