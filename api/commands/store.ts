/** `tongda store`: the group that the commands about the keeping of the data stand in. */
import type { Command } from 'commander';

export function storeCommand(program: Command): Command {
  return (
    program.commands.find((command) => command.name() === 'store') ??
    program.command('store').description('数据的保管 · keeping of the data')
  );
}
