/**
 * What a line's IPv6 was built to do beside what each metric says of it, over both families: every
 * run must have the outcome that follows from how the line was built, and none that could not reach
 * may be called `ok`.
 */
import type { Outcome } from '../../../probes/measurement.ts';
import { buildProvince } from '../../lab/province.ts';
import type { BuiltIpv6, Site } from '../../lab/sites.ts';
import { startPeer } from '../../lab/station.ts';
import { lineAt, measuredOn } from './lines.ts';
import type { Accuracy, AccuracyRow } from './row.ts';

const FAMILIES = [4, 6] as const;
type Family = (typeof FAMILIES)[number];

/** Metrics and what they are asked for; the peer answers all of it where the line lets it. */
const LOOKS = [
  ['icmp-rtt', ({ host }: Peer) => host, ['count=5', 'intervalMs=50', 'timeoutMs=1000']],
  ['tcp-connect', ({ authority }: Peer) => authority, ['timeoutMs=2500']],
  ['http-fetch', ({ url }: Peer) => `${url}/page?bytes=500`, ['timeoutMs=2500']],
  ['http-fetch', ({ url }: Peer) => `${url}/page?bytes=200000`, ['timeoutMs=2500']],
  ['path', ({ host }: Peer) => host, []],
  ['ipv6-ladder', ({ url }: Peer) => `${url}/page?bytes=200000`, ['timeoutMs=2500', 'pairs=1']],
] as const;

interface Peer {
  readonly host: string;
  readonly authority: string;
  readonly url: string;
}

const OK = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok'];

/** Outcomes of the looks, in their order; the last is of IPv6 alone. */
const TRUTH: Readonly<Record<BuiltIpv6, Readonly<Record<Family, readonly string[]>>>> = {
  works: { 4: OK, 6: OK },
  none: {
    4: OK,
    6: [
      'send/no-route',
      'connect/no-route',
      'connect/no-route',
      'connect/no-route',
      'send/no-route',
      'tcp/no-route',
    ],
  },
  dropped: {
    4: OK,
    6: [
      'echo/timeout',
      'connect/timeout',
      'connect/timeout',
      'connect/timeout',
      'trace/timeout',
      'tcp/timeout',
    ],
  },
  'path-mtu-black-hole': {
    // What is sent up this link and does not fit is dropped by the cable, in either family; only over
    // IPv6 is what comes down lost too, the header with the first full-size packet of the page.
    4: ['ok', 'ok', 'ok', 'ok', 'mtu/black-hole'],
    6: ['ok', 'ok', 'ok', 'header/timeout', 'mtu/black-hole', 'page/timeout'],
  },
  'echo-filtered': { 4: OK, 6: ['echo/timeout', 'ok', 'ok', 'ok', 'trace/timeout', 'ok'] },
};

export const conditionsAccuracy: Accuracy = {
  name: 'conditions',
  async run({ progress }) {
    const sites = Object.keys(TRUTH).map((ipv6, index) => lineOf(index, ipv6 as BuiltIpv6));
    const province = await buildProvince(sites);
    const rows: AccuracyRow[] = [];
    let falselyOk = 0;
    let broken = 0;
    try {
      const { httpPort } = await startPeer(province);
      for (const site of sites)
        for (const family of FAMILIES) {
          progress(`${site.ipv6}, IPv${family}`);
          const peer = peerOf(province.server[family], httpPort, family);
          const looks = LOOKS.flatMap(([metric, targetOf, parameters], index) =>
            metric === 'ipv6-ladder' && family === 4
              ? []
              : [
                  {
                    metric,
                    target: targetOf(peer),
                    parameters,
                    truth: truthOf(site, family, index),
                  },
                ],
          );
          const wrong: string[] = [];
          for (const { metric, target, parameters, truth } of looks) {
            const { outcome } = await measuredOn(province, site, {
              metric,
              target,
              family,
              parameters,
            });
            const found = said(outcome);
            if (truth !== 'ok') broken++;
            if (truth !== 'ok' && found === 'ok') falselyOk++;
            if (found !== truth) wrong.push(`${metric} says ${found}, not ${truth}`);
          }
          for (const each of wrong) progress(`  ${each}`);
          rows.push({
            ...{
              what: `${site.ipv6}, IPv${family}: outcomes as built`,
              ours: looks.length - wrong.length,
            },
            ...{ referee: looks.length, against: 'how the line was built', unit: '1' },
            ...{ difference: -wrong.length, goal: 0, met: wrong.length === 0 },
          });
        }
    } finally {
      await province.close();
    }
    rows.push({
      ...{ what: `falsely ok, of ${broken} runs that cannot reach`, ours: falselyOk, referee: 0 },
      ...{ against: 'how the line was built', unit: '1', difference: falselyOk, goal: 0 },
      met: falselyOk === 0,
    });
    return rows;
  },
};

function lineOf(index: number, ipv6: BuiltIpv6): Site {
  const mtuB = ipv6 === 'path-mtu-black-hole' ? 1_400 : 1_500;
  return { ...lineAt(index, { rateBps: 100e6, rttMs: 10 }), ipv6, mtuB };
}

function peerOf(address: string, port: number, family: Family): Peer {
  const host = family === 6 ? `[${address}]` : address;
  return { host: address, authority: `${host}:${port}`, url: `http://${host}:${port}` };
}

function truthOf({ ipv6 }: Site, family: Family, look: number): string {
  return TRUTH[ipv6][family][look] ?? '';
}

function said(outcome: Outcome): string {
  if (outcome.status === 'ok') return 'ok';
  return outcome.status === 'failed'
    ? `${outcome.stage}/${outcome.code}`
    : `skipped/${outcome.reason}`;
}
