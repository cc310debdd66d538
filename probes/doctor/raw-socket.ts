/**
 * Whether ICMP can be measured: the right to raw sockets and the module that opens them; and whether
 * the kernel times the packets, so that a busy machine does not show in the figures.
 */
import { readFileSync } from 'node:fs';
import type { Family } from '../measurement.ts';
import { openEchoSession } from '../net/icmp-session.ts';
import { type Check, reasonOf, type Verdict } from './check.ts';

/** linux/capability.h */
const CAP_NET_RAW = 13n;

export const rawSocket: Check = async () => {
  const [four, six] = [await opened(4), await opened(6)];
  const reason = four.obstacle ?? six.obstacle;
  const granted = hasNetRaw();
  const figures = { ipv4: !four.obstacle, ipv6: !six.obstacle, capNetRaw: granted };
  if (reason !== undefined) return [unopened(reason, granted, figures)];
  const good: Verdict = {
    name: 'raw-socket',
    health: 'good',
    found: { zh: '可用原始套接字测 ICMP', en: 'raw sockets can be opened: ICMP is measured' },
    figures,
  };
  return [good, timing(four.times === 'kernel' && six.times === 'kernel')];
};

function unopened(reason: string, granted: boolean | null, figures: Verdict['figures']): Verdict {
  return {
    name: 'raw-socket',
    health: 'warning',
    found: {
      zh: `不能测 ICMP(${reason}),icmp-rtt 将记为未测`,
      en: `ICMP cannot be measured (${reason}): icmp-rtt will be recorded as skipped`,
    },
    figures: figures ?? {},
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
}

function timing(byKernel: boolean): Verdict {
  const name = 'kernel-timestamps';
  if (byKernel)
    return {
      name,
      health: 'good',
      found: { zh: '收发时刻由内核记录', en: 'the kernel times the packets' },
    };
  return {
    name,
    health: 'warning',
    found: {
      zh: '收发时刻由进程记录:机器繁忙时 RTT 会偏大',
      en: 'the process times the packets: on a busy machine round trips read high',
    },
    cure: {
      zh: '装上 koffi(64 位 Linux 有预编译包),或减轻本机负载',
      en: 'install koffi (prebuilt for 64-bit Linux), or keep the machine idle',
    },
  };
}

async function opened(
  family: Family,
): Promise<{ readonly times?: 'kernel' | 'process'; readonly obstacle?: string }> {
  try {
    const session = await openEchoSession(family);
    const { times } = session;
    session.close();
    return { times };
  } catch (error) {
    return { obstacle: reasonOf(error) };
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
