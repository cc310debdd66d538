/** `tongda-probe check`: a configuration file, without starting anything. */
import type { Command } from 'commander';
import { agentConfig, readSettings, settingsJsonSchema } from '../config.ts';
import { print } from '../console.ts';
import { Fault } from '../fault.ts';

export function checkCommand(program: Command): void {
  program
    .command('check')
    .description('检查配置文件 · check a configuration file')
    .argument('[file]')
    .option('--schema', '打印配置的 JSON Schema · print the JSON Schema of the file instead')
    .action(async (file: string | undefined, { schema }: { schema?: true }) => {
      if (schema) return print(JSON.stringify(settingsJsonSchema(), null, 2));
      if (file === undefined)
        throw new Fault(
          'file-missing',
          '请给出配置文件,或用 --schema 打印其格式',
          'give a configuration file, or --schema for its shape',
        );
      const { token: _, ...config } = agentConfig(readSettings(file), process.env);
      return print(`配置无误 · the configuration is good\n${JSON.stringify(config, null, 2)}`);
    });
}
