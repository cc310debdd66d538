/** `tongda-probe check`: a configuration file, without starting anything. */
import type { Command } from 'commander';
import { agentConfig, readSettings } from '../config.ts';
import { print } from '../console.ts';

export function checkCommand(program: Command): void {
  program
    .command('check')
    .description('检查配置文件 · check a configuration file')
    .argument('<file>')
    .action(async (file: string) => {
      const { token: _, ...config } = agentConfig(readSettings(file), process.env);
      await print(`配置无误 · the configuration is good\n${JSON.stringify(config, null, 2)}`);
    });
}
