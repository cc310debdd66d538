/**
 * A child process of tests, in a network namespace of its own: starts a peer on the usual ports, runs
 * metrics against what the namespace holds, all at once, and prints their findings.
 */
import { METRICS, metricNamed } from '../../probes/catalogue.ts';
import type { Family } from '../../probes/measurement.ts';
import type { Finding } from '../../probes/metric.ts';
import { startPeer } from '../../probes/peer/index.ts';

export interface Run {
  readonly metric: string;
  readonly target: string;
  readonly family: Family;
  readonly parameters?: Record<string, unknown>;
}

export interface Ran {
  readonly obstacle: string | null;
  /** null where there was an obstacle. */
  readonly finding: Finding | null;
}

const runs = JSON.parse(process.argv[2] ?? '[]') as Run[];
const peer = await startPeer({
  hosts: ['127.0.0.1', '::'],
  httpPort: 8080,
  dnsPort: 53,
  stampPort: 862,
  dnsNames: {
    'both.test': ['127.0.0.1', '::1'],
    'four.test': ['127.0.0.1'],
    'mapped.test': ['::ffff:127.0.0.1'],
  },
});
const { signal } = new AbortController();
const ran = await Promise.all(
  runs.map(async ({ metric: name, target, family, parameters = {} }): Promise<Ran> => {
    const metric = metricNamed(name);
    if (!metric) throw new Error(`${name} is none of ${METRICS.map((each) => each.name)}`);
    const obstacle = await metric.canRun(family);
    if (obstacle !== null) return { obstacle, finding: null };
    const wanted = metric.parameters.parse(parameters);
    return { obstacle, finding: await metric.run(target, wanted, { family, signal }) };
  }),
);
await peer.close();
process.stdout.write(JSON.stringify(ran));
