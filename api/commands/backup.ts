/** `tongda store backup` and `tongda store restore`: the whole store to a directory and back. */
import type { Command } from 'commander';
import { Fault } from '../../probes/fault.ts';
import { backupStore, type Manifest, type Progress, restoreStore } from '../../sql/backup.ts';
import { type Config, loadConfig } from '../config.ts';
import { logger, print } from '../console.ts';
import { openForCommand } from '../stored.ts';
import { storeCommand } from './store.ts';

export function backupCommand(program: Command): void {
  const store = storeCommand(program);

  store
    .command('backup')
    .description(
      '备份到一个新目录,站点可继续运行 · back up into a new directory, the station may run',
    )
    .argument('<directory>', '空目录或尚不存在 empty or not there yet')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(async (directory: string, options: { json?: boolean }) => {
      const config = embedded(loadConfig(process.env));
      const opened = await openForCommand(config, logger('warn'));
      try {
        const manifest = await backupStore(opened.store, directory, told);
        say(options, manifest, `已备份到 backed up to ${directory}`);
      } finally {
        await opened.close();
      }
    });

  store
    .command('restore')
    .description(
      '恢复到空的数据目录 TONGDA_DATA · restore into the empty data directory TONGDA_DATA',
    )
    .argument('<directory>', '备份目录 the backup')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(async (backup: string, options: { json?: boolean }) => {
      const { data } = embedded(loadConfig(process.env));
      const log = logger('warn');
      const manifest = await restoreStore({ backup, directory: data, progress: told, log });
      say(options, manifest, `已恢复到 restored into ${data}`);
    });
}

/** The engine of the station's own is ours to back up; a server has its operator, its disks and its own BACKUP. */
function embedded(config: Config): Config {
  if (config.clickhouseUrl)
    throw new Fault(
      'backup-external',
      '数据在外部 ClickHouse(TONGDA_CLICKHOUSE_URL):请在该服务器上用 BACKUP DATABASE 备份',
      'the data is in a ClickHouse server (TONGDA_CLICKHOUSE_URL): back it up there, with BACKUP DATABASE',
    );
  return config;
}

const STEPS = {
  write: '写出 writing',
  check: '核对 checking',
  restore: '恢复 restoring',
} as const;

let shown = '';
/** On standard error, once for each tenth of the way. */
const told: Progress = (step, done, total) => {
  const tenths = total > 0 ? Math.floor((done / total) * 10) * 10 : 0;
  const text = `${STEPS[step]} ${tenths}% / ${(total / 1e6).toFixed(1)} MB`;
  if (text !== shown) process.stderr.write(`${text}\n`);
  shown = text;
};

function say(options: { json?: boolean }, manifest: Manifest, sentence: string): void {
  const { created, engine, schema, files } = manifest;
  const sizeB = files.reduce((sum, file) => sum + file.sizeB, 0);
  print(
    options.json
      ? JSON.stringify({ created, engine, schema: schema.length, files: files.length, sizeB })
      : `${sentence}\n${files.length} 个文件 files, ${(sizeB / 1e6).toFixed(1)} MB, ${created}`,
  );
}
