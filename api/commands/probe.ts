/** `tongda probe`: enrols probes and the lines they stand on. */

import type { Command } from 'commander';
import { enrol } from '../../ingest/binding.ts';
import { dayOf } from '../../ingest/month.ts';
import { loadRegister } from '../../ingest/register.ts';
import { Fault } from '../../probes/fault.ts';
import { loadConfig } from '../config.ts';
import { print, withStore } from '../console.ts';
import { dayGiven } from './arguments.ts';

export function probeCommand(program: Command): void {
  const probe = program.command('probe').description('登记探针与线路 · enrol probes and lines');

  probe
    .command('add')
    .description('登记一个探针,令牌只显示这一次 · enrol a probe; its token is shown once')
    .argument('<name>', '探针名 name of the probe')
    .requiredOption('--line <name>', '接入线路名 name of the access line')
    .requiredOption('--place <code>', '区划代码 code of the place')
    .requiredOption('--carrier <code>', '运营商 carrier')
    .option('--technology <name>', '接入技术 access technology', 'ftth')
    .option('--down-mbps <number>', '签约下行 subscribed download', mbps)
    .option('--up-mbps <number>', '签约上行 subscribed upload', mbps)
    .option(
      '--from <day>',
      '线路启用日 YYYY-MM-DD,新线路默认本月 1 日 · first day of the line',
      dayGiven,
    )
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(
      async (
        name: string,
        options: {
          line: string;
          place: string;
          carrier: string;
          technology: string;
          downMbps?: number;
          upMbps?: number;
          from?: string;
          json?: boolean;
        },
      ) => {
        const now = new Date();
        await withStore(loadConfig(process.env), async ({ store }) => {
          const token = await enrol(
            store,
            await loadRegister(store, dayOf(now)),
            {
              probe: name,
              line: options.line,
              place: options.place,
              carrier: options.carrier,
              technology: options.technology,
              subscribedDownBps: options.downMbps ?? null,
              subscribedUpBps: options.upMbps ?? null,
              validFrom: options.from ?? null,
            },
            now,
          );
          print(
            options.json
              ? JSON.stringify({ probe: name, token })
              : `已登记 enrolled: ${name}\n令牌 token(只显示一次 shown once): ${token}\n在探针机上 on the probe:\n  TONGDA_TOKEN=${token} tongda-probe run --station http://STATION:8080 --probe ${name} --spool ./spool`,
          );
        });
      },
    );

  probe
    .command('list')
    .description('列出已登记的探针 · list the enrolled probes')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(async (options: { json?: boolean }) => {
      await withStore(loadConfig(process.env), async ({ store }) => {
        const probes = (await store.query('probe_tokens', {})).map(({ probe, line }) => ({
          probe,
          line,
        }));
        print(
          options.json
            ? JSON.stringify(probes)
            : probes.map(({ probe, line }) => `${probe}\t${line}`).join('\n'),
        );
      });
    });
}

/** Mbit/s on the command line, bit/s inside. */
function mbps(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000))
    throw new Fault(
      'rate-malformed',
      `速率 “${text}” 不合要求:请写 Mbit/s 数`,
      `"${text}" is not a rate: write a number of Mbit/s`,
    );
  return Math.round(value * 1e6);
}
