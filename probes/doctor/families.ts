/** Whether the machine has an address and a route of each family. Nothing is sent. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';
import type { Family } from '../measurement.ts';
import { type Check, reasonOf, type Verdict } from './check.ts';

/** Documentation addresses (RFC 5737, RFC 3849): routed as any far address, and nobody's. */
const FAR: Readonly<Record<Family, string>> = { 4: '192.0.2.1', 6: '2001:db8::1' };

export const families: Check = async () => Promise.all(([4, 6] as const).map(familyVerdict));

async function familyVerdict(family: Family): Promise<Verdict> {
  const name = `ipv${family}`;
  let source: string;
  try {
    source = await sourceAddress(family);
  } catch (error) {
    const reason = reasonOf(error);
    return {
      name,
      health: 'warning',
      found: {
        zh: `没有 IPv${family} 路由(${reason}):IPv${family} 任务会如实记为不通`,
        en: `there is no IPv${family} route (${reason}): its tasks will be recorded as failed, which is a result`,
      },
      cure: {
        zh: `若线路应有 IPv${family}:查看网关的${family === 6 ? '路由通告(RA)与 DHCPv6' : ' DHCP'},或 ip -${family} route`,
        en: `if the line should have IPv${family}: look at the gateway's ${family === 6 ? 'router advertisements and DHCPv6' : 'DHCP'}, and at ip -${family} route`,
      },
      figures: { address: null },
    };
  }
  const range = ipaddr.parse(source).range();
  const isLocal = range === 'linkLocal' || range === 'loopback' || range === 'uniqueLocal';
  const found = {
    zh: `IPv${family} 从 ${source} 出(${range})`,
    en: `IPv${family} leaves from ${source} (${range})`,
  };
  if (family === 4 || !isLocal)
    return { name, health: 'good', found, figures: { address: source } };
  return {
    name,
    health: 'warning',
    found,
    cure: {
      zh: '没有全球单播地址,IPv6 测不到网外:查看网关的前缀下发',
      en: 'it is no global address, IPv6 will not get out: see whether the gateway delegates a prefix',
    },
    figures: { address: source },
  };
}

/** The address the kernel would send from to somewhere far: connecting UDP sends no packet. */
async function sourceAddress(family: Family): Promise<string> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  try {
    // The port is the discard service's (RFC 863).
    socket.connect(9, FAR[family]);
    await once(socket, 'connect');
    return socket.address().address.replace(/%.*$/, '');
  } finally {
    socket.close();
  }
}
