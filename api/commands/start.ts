/** `tongda start`: the station, until it is told to stop. */
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { complain, logger, print } from '../console.ts';
import { startStation } from '../station.ts';

export function startCommand(program: Command): void {
  program
    .command('start', { isDefault: true })
    .description('启动站点:收集、接口、页面与调度 · start the station')
    .action(async () => {
      const config = loadConfig(process.env);
      const log = logger();
      const station = await startStation(config, log);
      print(`通达已启动 · tongda is up: ${station.url}`);
      const stop = async (code: number) => {
        await station.stop();
        process.exit(code);
      };
      let asked = false;
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.on(signal, () => {
          // Impatience is allowed: the second request ends the process at once, the spools keep the rest.
          if (asked) process.exit(130);
          asked = true;
          process.stderr.write('正在停止 · stopping…\n');
          void stop(0);
        });
      const reason = await station.failed;
      if (asked) return;
      complain(reason);
      await stop(1);
    });
}
