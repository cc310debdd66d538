/**
 * `path` over two routers that behave in every way a router may:
 *
 *     near ── r1 ── r2 ── far       r1 stays silent where IPv4 hop limits end, and about what is too big;
 *                                   r2 is honest.
 */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Family } from '../../probes/measurement.ts';
import type { Ran, Run } from './namespaced-metrics.ts';

const names = ['near', 'r1', 'r2', 'far'].map((name) => `tongda-path-${process.pid}-${name}`);
const [near = '', r1 = '', r2 = '', far = ''] = names;
const TARGETS = ['roomy', 'told', 'blackHole', 'noRoute', 'silent'] as const;
type Target = (typeof TARGETS)[number];
const address = (target: Target, family: Family) =>
  `${family === 6 ? '2001:db8:9::' : '198.19.0.'}${TARGETS.indexOf(target) + 1}`;

/** A cable between two namespaces: the n-th net, .1 on the left and .2 on the right. */
const cable = (n: number, left: string, right: string) => `
ip link add e${n} netns ${left} type veth peer name e${n} netns ${right}
for ns in ${left} ${right}; do ip -n $ns link set e${n} up; done
ip -n ${left} addr add 198.18.${n}.1/24 dev e${n}; ip -n ${right} addr add 198.18.${n}.2/24 dev e${n}
ip -n ${left} addr add 2001:db8:${n}::1/64 dev e${n} nodad
ip -n ${right} addr add 2001:db8:${n}::2/64 dev e${n} nodad`;
const towards = (ns: string, n: number, host: number, v4 = 'default', v6 = 'default') => `
ip -n ${ns} route add ${v4} via 198.18.${n}.${host}; ip -n ${ns} route add ${v6} via 2001:db8:${n}::${host}`;
const small = (ns: string, n: number, target: Target) => `
ip -n ${ns} route add ${address(target, 4)}/32 via 198.18.${n}.2 mtu lock 1400
ip -n ${ns} route add ${address(target, 6)}/128 via 2001:db8:${n}::2 mtu lock 1400`;

beforeAll(() => {
  const script = `
for ns in ${names.join(' ')}; do
  ip netns add $ns; ip -n $ns link set lo up
  ip netns exec $ns sh -c 'for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $f; done'
done
for ns in ${r1} ${r2}; do ip netns exec $ns sh -c '
  echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
  echo 0 > /proc/sys/net/ipv6/icmp/ratelimit; echo 0 > /proc/sys/net/ipv4/icmp_ratelimit'; done
${cable(1, near, r1)}${cable(2, r1, r2)}${cable(3, r2, far)}
${towards(near, 1, 2)}${towards(r1, 2, 2)}${towards(far, 3, 1)}
${towards(r2, 2, 1, '198.18.1.0/24', '2001:db8:1::/64')}${towards(r2, 3, 2)}
${small(r2, 3, 'told')}${small(r1, 2, 'blackHole')}
for n in 1 2 3; do
  ip -n ${far} addr add 198.19.0.$n/32 dev lo; ip -n ${far} addr add 2001:db8:9::$n/128 dev lo nodad
done
ip netns exec ${r1} nft -f - <<'END'
table inet silence {
chain out {
type filter hook output priority 0;
icmp type time-exceeded drop
icmp type destination-unreachable icmp code frag-needed drop
icmpv6 type packet-too-big drop
}
}
END
ip netns exec ${r2} nft -f - <<'END'
table inet refuse {
chain through {
type filter hook forward priority 0;
ip daddr ${address('noRoute', 4)} reject with icmp type net-unreachable
ip6 daddr ${address('noRoute', 6)} reject with icmpv6 type no-route
}
}
END`;
  execFileSync('sh', ['-euc', script], { stdio: ['ignore', 'ignore', 'inherit'] });
});
afterAll(() => {
  for (const name of names) execFileSync('sh', ['-c', `ip netns del ${name} || true`]);
});

it('names every hop, and tells a told size from a black hole, on both families', async () => {
  const runs = ([4, 6] as const).flatMap((family) =>
    TARGETS.map(
      (target): Run => ({
        metric: 'path',
        target: address(target, family),
        family,
        parameters: { tries: 2, intervalMs: 50, timeoutMs: 400 },
      }),
    ),
  );
  const child = new URL('../../.build/test/integration/namespaced-metrics.js', import.meta.url);
  const { stdout } = await promisify(execFile)('ip', [
    ...['netns', 'exec', near, process.execPath, child.pathname],
    JSON.stringify(runs),
  ]);
  const ran = JSON.parse(stdout) as Ran[];
  const seen = (family: Family, target: Target) => {
    const finding = ran[runs.findIndex((run) => run.target === address(target, family))]?.finding;
    const { hopCount, silentHops, pathMtuB, namedMtuB, blackHoleB } = finding?.values ?? {};
    return {
      outcome: finding?.outcome,
      hops: finding?.hops?.map((hop) => hop.address),
      values: { hopCount, silentHops, pathMtuB, namedMtuB, blackHoleB },
    };
  };
  for (const family of [4, 6] as const) {
    const [one, two] = family === 6 ? ['2001:db8:1::2', '2001:db8:2::2'] : [null, '198.18.2.2'];
    const silentHops = family === 6 ? 0 : 1;
    const whole = (target: Target) => [one, two, address(target, family)];
    expect(seen(family, 'roomy')).toEqual({
      outcome: { status: 'ok' },
      hops: whole('roomy'),
      values: { hopCount: 3, silentHops, pathMtuB: 1_500 },
    });
    expect(seen(family, 'told')).toEqual({
      outcome: { status: 'ok' },
      hops: whole('told'),
      values: { hopCount: 3, silentHops, pathMtuB: 1_400, namedMtuB: 1_400 },
    });
    expect(seen(family, 'blackHole')).toEqual({
      outcome: { status: 'failed', stage: 'mtu', code: 'black-hole' },
      hops: whole('blackHole'),
      values: { hopCount: 3, silentHops, pathMtuB: 1_400, blackHoleB: 1_492 },
    });
    expect(seen(family, 'noRoute')).toEqual({
      outcome: { status: 'failed', stage: 'trace', code: 'no-route' },
      // It passes what ends there, and refuses what goes further.
      hops: [one, two, two],
      values: { silentHops },
    });
    expect(seen(family, 'silent')).toEqual({
      outcome: { status: 'failed', stage: 'trace', code: 'timeout' },
      hops: [one, two],
      values: { silentHops },
    });
  }
});
