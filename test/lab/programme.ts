/** What the lab's station asks of every probe: enough to tell every condition the lab can build. */

/** Echo requests of one run; known here because a share of losses is only as good as its count. */
export const ECHOES_PER_RUN = 100;
/** No divisor of any round-trip time of the lab, so that an answer never meets the next request. */
const ECHO_INTERVAL_MS = 23;
/** Longer than all waits of a line that answers nothing over IPv6. */
const REACH_PERIOD_S = 15;
const TIMEOUT_MS = 2_500;
/** A name that only the lab's own DNS responder knows (RFC 6761 §6.2 reserves `.test`). */
export const PEER_NAME = 'peer.tongda.test';
/** Far more than any path MTU: does not fit into one packet, nor into one initial window. */
const FULL_PAGE_B = 200_000;
const SMALL_PAGE_B = 500;

export interface PeerAddress {
  4: string;
  6: string;
  httpPort: number;
  dnsPort: number;
  stampPort: number;
}

/**
 * Period of the rate tests, s: every one of `sites` probes loads the two cores for some five
 * seconds each way, at a phase of its own, so this keeps about two tests running at any time.
 */
export function ratePeriodS(sites: number): number {
  return Math.max(30, 5 * sites);
}

/** How long a survey takes at least: two rounds of the rate tests, so that one may go wrong. */
export function surveySeconds(sites: number): number {
  return 2 * ratePeriodS(sites);
}

/** The station's `programme`, as its configuration file has it. */
export function programmeFor(peer: PeerAddress, sites: number) {
  const families = [
    { family: 4, address: peer[4], host: peer[4] },
    { family: 6, address: peer[6], host: `[${peer[6]}]` },
  ];
  const page = (host: string, bytes: number) =>
    `http://${host}:${peer.httpPort}/page?bytes=${bytes}`;
  return [
    {
      name: 'reach',
      periodS: REACH_PERIOD_S,
      tasks: [
        {
          name: 'resolve-aaaa',
          metric: 'dns-resolve',
          target: PEER_NAME,
          family: 4,
          parameters: { server: peer[4], port: peer.dnsPort, type: 'AAAA' },
        },
        ...families.flatMap(({ family, address, host }) => [
          {
            name: `echo-v${family}`,
            metric: 'icmp-rtt',
            target: address,
            family,
            parameters: {
              count: ECHOES_PER_RUN,
              intervalMs: ECHO_INTERVAL_MS,
              timeoutMs: 1_000,
            },
          },
          {
            name: `connect-v${family}`,
            metric: 'tcp-connect',
            target: `${host}:${peer.httpPort}`,
            family,
            parameters: { timeoutMs: TIMEOUT_MS },
          },
          {
            name: `fetch-small-v${family}`,
            metric: 'http-fetch',
            target: page(host, SMALL_PAGE_B),
            family,
            parameters: { timeoutMs: TIMEOUT_MS },
          },
          {
            name: `fetch-full-v${family}`,
            metric: 'http-fetch',
            target: page(host, FULL_PAGE_B),
            family,
            parameters: { timeoutMs: TIMEOUT_MS },
          },
        ]),
      ],
    },
    {
      name: 'rate',
      periodS: ratePeriodS(sites),
      tasks: ['down', 'up'].map((direction) => ({
        name: `rate-${direction}`,
        metric: 'throughput',
        target: `http://${peer[4]}:${peer.httpPort}`,
        family: 4,
        parameters: { direction, mode: 'quick' },
      })),
    },
  ];
}
