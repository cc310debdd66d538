import { describe, expect, it } from 'vitest';
import { ipv6Condition, type OutcomeCount } from '../../../api/ipv6-condition.ts';

const runs = (
  metric: string,
  outcome: string,
  count: number,
  cause: Partial<OutcomeCount> = {},
): OutcomeCount => ({
  metric,
  family: 6,
  target: metric === 'http-fetch' ? 'http://peer/small' : 'peer',
  outcome,
  stage: '',
  code: '',
  runs: count,
  ...cause,
});
const large = { target: 'http://peer/large' };
const stalled = { ...large, stage: 'body', code: 'timeout' };

describe('ipv6Condition', () => {
  it.each<[string, OutcomeCount[], string]>([
    ['nothing measured', [], 'no evidence'],
    ['only IPv4 measured', [runs('tcp-connect', 'ok', 9, { family: 4 })], 'no evidence'],
    ['only skipped runs', [runs('tcp-connect', 'skipped', 9)], 'no evidence'],
    [
      'all well',
      [
        runs('icmp-rtt', 'ok', 9),
        runs('tcp-connect', 'ok', 9),
        runs('http-fetch', 'ok', 9),
        runs('http-fetch', 'ok', 9, large),
      ],
      'works',
    ],
    [
      'no address or route',
      [runs('tcp-connect', 'failed', 9, { stage: 'connect', code: 'no-route' })],
      'none',
    ],
    [
      'connects time out',
      [runs('tcp-connect', 'failed', 9, { stage: 'connect', code: 'timeout' })],
      'dropped',
    ],
    [
      'full-size pages hang',
      [
        runs('icmp-rtt', 'ok', 9),
        runs('tcp-connect', 'ok', 9),
        runs('http-fetch', 'ok', 9),
        runs('http-fetch', 'failed', 9, stalled),
      ],
      'path-mtu-black-hole',
    ],
    [
      'full-size pages hang with their header',
      [
        runs('tcp-connect', 'ok', 9),
        runs('http-fetch', 'ok', 9),
        runs('http-fetch', 'failed', 9, { ...stalled, stage: 'header' }),
      ],
      'path-mtu-black-hole',
    ],
    [
      'every page hangs: the server, not the path',
      [runs('tcp-connect', 'ok', 9), runs('http-fetch', 'failed', 9, stalled)],
      'unstable',
    ],
    [
      'echo filtered, all else well',
      [
        runs('icmp-rtt', 'failed', 9, { stage: 'echo', code: 'timeout' }),
        runs('tcp-connect', 'ok', 9),
        runs('http-fetch', 'ok', 9, large),
      ],
      'echo-filtered',
    ],
    [
      'echo could not be looked at',
      [runs('icmp-rtt', 'skipped', 9, { code: 'no-raw-socket' }), runs('tcp-connect', 'ok', 9)],
      'works',
    ],
    [
      'half the connects fail',
      [runs('tcp-connect', 'ok', 5), runs('tcp-connect', 'failed', 5, { code: 'timeout' })],
      'unstable',
    ],
    [
      'one slow page among many',
      [
        runs('tcp-connect', 'ok', 9),
        runs('http-fetch', 'ok', 9, large),
        runs('http-fetch', 'failed', 1, stalled),
      ],
      'works',
    ],
  ])('%s', (_, outcomes, expected) => {
    expect(ipv6Condition(outcomes)).toBe(expected);
  });
});
