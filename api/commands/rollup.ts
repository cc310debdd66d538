/** `tongda store rollup`: draws at once whatever the running station would draw in its own time. */
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { print, withStore } from '../console.ts';
import { planOn } from '../plan-source.ts';
import { rollUp } from '../rollup-keeper.ts';
import { storeCommand } from './store.ts';

export function rollupCommand(program: Command): void {
  storeCommand(program)
    .command('rollup')
    .description(
      '立即更新汇总,站点可继续运行 · bring the rollups up to date now, the station may run',
    )
    .option('--anew', '全部重算,不只过期的 · all of them, also those that are not stale')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(async (options: { anew?: boolean; json?: boolean }) => {
      const config = loadConfig(process.env);
      await withStore(config, async ({ store }) => {
        const plan = await planOn(store, config.plan, new Date());
        const begun = performance.now();
        const drawn = await rollUp(store, plan, {
          anew: options.anew ?? false,
          progress: (done, total, period) =>
            process.stderr.write(
              `${period} ${Math.floor((done / total) * 100)}% ${done}/${total}\n`,
            ),
        });
        const tookS = Math.round((performance.now() - begun) / 100) / 10;
        print(
          options.json
            ? JSON.stringify({ drawn, tookS })
            : `${drawn} 个日与月已更新,${tookS} 秒 · ${drawn} days and months drawn in ${tookS} s`,
        );
      });
    });
}
