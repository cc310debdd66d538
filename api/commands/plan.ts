/** `tongda plan check`: says whether a plan file would be taken, and where not. */
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { print, withStore } from '../console.ts';
import { planOn } from '../plan-source.ts';

export function planCommand(program: Command): void {
  program
    .command('plan')
    .description('检查规划文件 · check a plan file')
    .command('check')
    .argument('<file>', 'YAML')
    .action(async (file: string) => {
      await withStore(loadConfig(process.env), async ({ store }) => {
        const plan = await planOn(store, file, new Date());
        print(
          `${plan.title.zh}:${plan.targets.length} 个目标,无误 · ${plan.targets.length} targets, all well`,
        );
      });
    });
}
