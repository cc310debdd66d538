/** `tongda-probe peer`: the far end of what is measured. */
import { once } from 'node:events';
import { isIP } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { collect, print, stopSignal } from '../console.ts';
import { Fault } from '../fault.ts';

interface PeerOptions {
  host: string[];
  port: number;
  dnsPort: number;
  iperfPort: number;
  stampPort: number;
  record: string[];
  json?: true;
  withParent?: true;
}

export function peerCommand(program: Command): void {
  program
    .command('peer')
    .description(
      '测量对端:HTTP、ndt7、iperf3、STAMP 与 DNS 测试的另一头 · the far end of HTTP, ndt7, iperf3, STAMP and DNS tests',
    )
    .requiredOption('--host <address...>', '监听地址,可多个 · addresses to listen on')
    .option(
      '--port <n>',
      'HTTP 与 ndt7 端口,0 由系统选 · HTTP and ndt7 port, 0 lets the system choose',
      parsePort,
      0,
    )
    .option('--dns-port <n>', 'DNS 端口,0 由系统选 · DNS port', parsePort, 0)
    .option('--iperf-port <n>', 'iperf3 端口,惯用 5201 · iperf3 port, 5201 by custom', parsePort, 0)
    .option('--stamp-port <n>', 'STAMP 端口,登记为 862 · STAMP port, 862 is assigned', parsePort, 0)
    .option(
      '--record <name=address>',
      'DNS 一侧应答的记录,可重复 · what the DNS side answers, repeatable',
      collect,
      [],
    )
    .option('--json', '就绪后打印一行 JSON · print one JSON line when ready')
    .option('--with-parent', '标准输入关闭即退出 · exit when standard input closes')
    .action(async ({ host, port, record, json, withParent, ...ports }: PeerOptions) => {
      const { startPeer } = await import('../peer/index.ts');
      const signal = stopSignal(withParent);
      const peer = await startPeer({
        hosts: host,
        httpPort: port,
        ...ports,
        dnsNames: parseRecords(record),
      }).catch((error) => {
        throw cannotListen(host, error);
      });
      const { close, ...ready } = peer;
      await print(
        json
          ? JSON.stringify(ready)
          : `对端就绪 · peer is up: ${host.join(', ')}  HTTP/ndt7 ${ready.httpPort}  DNS ${ready.dnsPort}  iperf3 ${ready.iperfPort}  STAMP ${ready.stampPort}`,
      );
      if (!signal.aborted) await once(signal, 'abort');
      await close();
    });
}

function cannotListen(hosts: readonly string[], error: NodeJS.ErrnoException): Error {
  if (error.code === undefined) return error;
  return new Fault(
    'cannot-listen',
    `无法在 ${hosts.join('、')} 上监听(${error.code}):请换地址或端口`,
    `cannot listen on ${hosts.join(', ')} (${error.code}): choose another address or port`,
  );
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('0–65535');
}

/** Addresses by name, as the DNS side wants them. */
function parseRecords(records: readonly string[]): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const record of records) {
    const [, name, address = ''] = /^([^=]+)=(.*)$/.exec(record) ?? [];
    if (name === undefined || isIP(address) === 0)
      throw new Fault(
        'record-malformed',
        `DNS 记录 ${record} 应写作 名称=地址`,
        `DNS record ${record} is not of the form name=address`,
      );
    names[name] = [...(names[name] ?? []), address];
  }
  return names;
}
