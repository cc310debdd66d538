/**
 * A network namespace that answers for thousands of addresses, a fixed time away from another one,
 * in which tools are run. Needs root and Linux.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { Family } from '../../probes/measurement.ts';

/** Of the cable's end in the near namespace. */
export const NEAR_LINK = 'e0';

export interface FarNetwork {
  /** The first so many far addresses; `count` is below 60,000. */
  targets(family: Family, count: number): string[];
  /** A command's output, run in the near namespace; for lost packets an exit code is no failure. */
  run(command: string, args: readonly string[], input?: string): Promise<Output>;
  /** What to put before a command so that it runs in the near namespace. */
  readonly prefix: readonly [string, ...string[]];
  close(): void;
}

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** @param delayMs 0 for none */
export async function farNetwork(delayMs: number): Promise<FarNetwork> {
  const name = `tongda-bench-${process.pid}`;
  const [near, far] = [`${name}-near`, `${name}-far`];
  const script = `
ip netns add ${near}; ip netns add ${far}
ip link add ${NEAR_LINK} netns ${near} type veth peer name ${NEAR_LINK} netns ${far}
for ns in ${near} ${far}; do
  ip netns exec $ns sh -c 'for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $f; done'
  ip -n $ns link set lo up; ip -n $ns link set ${NEAR_LINK} up
done
ip -n ${near} addr add 198.18.0.1/24 dev ${NEAR_LINK}; ip -n ${near} addr add 2001:db8::1/64 dev ${NEAR_LINK} nodad
ip -n ${far} addr add 198.18.0.2/24 dev ${NEAR_LINK}; ip -n ${far} addr add 2001:db8::2/64 dev ${NEAR_LINK} nodad
ip -n ${near} route add 198.19.0.0/16 via 198.18.0.2; ip -n ${near} route add 2001:db8:1::/64 via 2001:db8::2
ip -n ${far} route add local 198.19.0.0/16 dev lo; ip -n ${far} route add local 2001:db8:1::/64 dev lo
ip netns exec ${far} sh -c 'echo 0 > /proc/sys/net/ipv6/icmp/ratelimit; echo 0 > /proc/sys/net/ipv4/icmp_ratelimit'
`;
  const remove = () => {
    for (const each of [near, far]) execFileSync('sh', ['-c', `ip netns del ${each} || true`]);
  };
  try {
    execFileSync('sh', ['-euc', script]);
    const delay = delayMs > 0 ? await startDelay(far, delayMs) : undefined;
    const prefix = ['ip', 'netns', 'exec', near] as const;
    return {
      targets: (family, count) =>
        Array.from({ length: count }, (_, index) =>
          family === 6
            ? `2001:db8:1::${(index + 1).toString(16)}`
            : `198.19.${(index + 1) >> 8}.${(index + 1) & 0xff}`,
        ),
      prefix: [...prefix],
      run(command, args, input = '') {
        const running = promisify(execFile)(prefix[0], [...prefix.slice(1), command, ...args], {
          env: { ...process.env, LC_ALL: 'C' },
          maxBuffer: 64 << 20,
        });
        running.child.stdin?.end(input);
        return running.catch((error) => {
          if (typeof error.code === 'number') return error as Output;
          throw error;
        });
      },
      close: () => {
        delay?.stdin?.end();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What comes into the far namespace waits there. */
async function startDelay(namespace: string, delayMs: number) {
  const queue = [
    '*mangle',
    `-A PREROUTING -i ${NEAR_LINK} -p PROTOCOL -j NFQUEUE --queue-num 0 --queue-bypass`,
    'COMMIT',
    '',
  ].join('\n');
  for (const [restore, protocol] of [
    ['iptables-restore', 'icmp'],
    ['ip6tables-restore', 'icmpv6 --icmpv6-type echo-request'],
  ] as const)
    execFileSync('ip', ['netns', 'exec', namespace, restore], {
      input: queue.replace('PROTOCOL', protocol),
    });
  const program = new URL('../lab/delay.js', import.meta.url).pathname;
  const delay = spawn(
    'ip',
    ['netns', 'exec', namespace, process.execPath, program, `0:${delayMs}`],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await Promise.race([
    once(delay.stdout, 'data'),
    once(delay, 'exit').then(() => Promise.reject(new Error('the delay did not start'))),
  ]);
  return delay;
}
