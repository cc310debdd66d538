/** Whether ICMP can be measured: the right to raw sockets, and the module that opens them. */
import { readFileSync } from 'node:fs';
import type { Family } from '../measurement.ts';
import { openEchoSession } from '../net/icmp-session.ts';
import { type Check, reasonOf, type Verdict } from './check.ts';

/** linux/capability.h */
const CAP_NET_RAW = 13n;

export const rawSocket: Check = async () => {
  const [four, six] = [await obstacle(4), await obstacle(6)];
  const granted = hasNetRaw();
  const figures = { ipv4: four === null, ipv6: six === null, capNetRaw: granted };
  if (four === null && six === null)
    return [
      {
        name: 'raw-socket',
        health: 'good',
        found: { zh: '可用原始套接字测 ICMP', en: 'raw sockets can be opened: ICMP is measured' },
        figures,
      },
    ];
  const reason = four ?? six;
  const verdict: Verdict = {
    name: 'raw-socket',
    health: 'warning',
    found: {
      zh: `不能测 ICMP(${reason}),icmp-rtt 将记为未测`,
      en: `ICMP cannot be measured (${reason}): icmp-rtt will be recorded as skipped`,
    },
    figures,
    cure:
      granted === false
        ? {
            zh: '授予 CAP_NET_RAW:systemd 单元中写 AmbientCapabilities=CAP_NET_RAW(不要对 node 用 setcap);或改用 tcp-connect',
            en: 'grant CAP_NET_RAW: AmbientCapabilities=CAP_NET_RAW in the systemd unit (not setcap on node); or use tcp-connect',
          }
        : {
            zh: '装上 net-ping 与 raw-socket(需 C++ 编译器):npm install -g 时允许 raw-socket 的安装脚本;或改用 tcp-connect',
            en: 'install net-ping and raw-socket (they need a C++ compiler), allowing raw-socket its install script; or use tcp-connect',
          },
  };
  return [verdict];
};

async function obstacle(family: Family): Promise<string | null> {
  try {
    (await openEchoSession(family)).close();
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** null where the system does not say. */
function hasNetRaw(): boolean | null {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return effective ? ((BigInt(`0x${effective[1]}`) >> CAP_NET_RAW) & 1n) === 1n : null;
  } catch {
    return null;
  }
}
