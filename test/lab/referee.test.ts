/** The lab before any of our own measuring: is the province what its truth says? */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSY, lossTolerance, RATE_OVER_RATIO, RTT_EARLY_MS } from './comparison.ts';
import { buildProvince, obstacle, type Province } from './province.ts';
import { iperf3, ping, refereesMissing } from './referee.ts';
import { REGISTER, SMALL_PROVINCE, siteAt, truthOf, villagesOf } from './sites.ts';

const ECHOES = 200;
const IPERF3_SECONDS = 4;

const hindrance = obstacle() ?? refereesMissing();
if (hindrance) console.warn(`实验网校验未运行 LAB NOT REFEREED: ${hindrance.zh} ${hindrance.en}`);

const villages = villagesOf(readFileSync(REGISTER, 'utf8'));
const sites = SMALL_PROVINCE.map((index) => siteAt(index, villages));

describe.skipIf(hindrance)(`the lab refereed${hindrance ? ` (${hindrance.code})` : ''}`, () => {
  let province: Province;

  beforeAll(async () => {
    province = await buildProvince(sites);
  });
  afterAll(() => province?.close());

  it.each(sites)('ping finds the delay and the loss of $name ($ipv6)', async (site) => {
    const truth = truthOf(site);
    const { rttMs, lossRatio } = await ping(province, site, 4, ECHOES);
    expect(rttMs).toBeGreaterThan(truth.rttMs - RTT_EARLY_MS);
    expect(rttMs).toBeLessThan(truth.rttMs + BUSY.rttLateMs);
    const tolerance = lossTolerance(truth.lossRatio, ECHOES);
    expect(Math.abs(lossRatio - truth.lossRatio)).toBeLessThanOrEqual(tolerance);
  });

  it.each(sites)('ping over IPv6 gets answers of $name ($ipv6) where it should', async (site) => {
    const { rttMs } = await ping(province, site, 6, 20);
    const echoes = site.ipv6 === 'works' || site.ipv6 === 'path-mtu-black-hole';
    expect(rttMs === null).toBe(!echoes);
  });

  it('iperf3 finds the rates of a line, both ways', async () => {
    const [site] = sites;
    if (!site) throw new RangeError('a province without sites');
    const downBps = await iperf3(province, site, 4, 'down', IPERF3_SECONDS);
    const upBps = await iperf3(province, site, 4, 'up', IPERF3_SECONDS);
    const { downMbps, upMbps } = truthOf(site);
    for (const ratio of [downBps / 1e6 / downMbps, upBps / 1e6 / upMbps]) {
      expect(ratio).toBeGreaterThan(1 - BUSY.rateShortRatio);
      expect(ratio).toBeLessThan(1 + RATE_OVER_RATIO);
    }
  });

  it('iperf3 hangs in the black hole over IPv6, and not over IPv4', async () => {
    const site = sites.find(({ ipv6 }) => ipv6 === 'path-mtu-black-hole');
    if (!site) throw new RangeError('a province without a black hole');
    expect(await iperf3(province, site, 4, 'down', 2)).toBeGreaterThan(0.5 * site.downBps);
    expect(await iperf3(province, site, 6, 'down', 2)).toBe(0);
  });
});
