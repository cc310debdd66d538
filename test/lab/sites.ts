/**
 * The sites of the lab and the truth about them: what each access line was built to do, and hence
 * what an honest measurement of it must find. Pure: the register goes in as text.
 */
import { builtFile } from './built.ts';

/** The register the sites' villages are taken from. */
export const REGISTER = builtFile('ingest/places/jiangsu-2023-06-30.csv');

/** The conditions the lab can build; the same words as `Ipv6Condition` of `api/contract/`. */
export type BuiltIpv6 = 'works' | 'none' | 'dropped' | 'path-mtu-black-hole' | 'echo-filtered';

/** One access line, as built. Rates are those of the shaper, Ethernet header included. */
export interface Site {
  /** Its number in the lab; names and addresses follow from it. */
  index: number;
  /** Name of the site, its probe and its line. */
  name: string;
  /** Village code. */
  place: string;
  placeName: string;
  county: string;
  carrier: 'telecom' | 'mobile';
  downBps: number;
  upBps: number;
  oneWayDelayMs: number;
  /** Share of the packets lost at random, in each direction. */
  lossRatio: number;
  ipv6: BuiltIpv6;
  /** Largest IP packet the access link carries, bytes. */
  mtuB: number;
}

/** What a measurement of a site must find, within tolerance. */
export interface Truth {
  rttMs: number;
  /** Of echo requests: lost on the way there or back. */
  lossRatio: number;
  /** TCP payload over IPv4, Mbit/s. */
  downMbps: number;
  upMbps: number;
  ipv6: BuiltIpv6;
}

type Build = Pick<
  Site,
  'carrier' | 'downBps' | 'upBps' | 'oneWayDelayMs' | 'lossRatio' | 'ipv6' | 'mtuB'
>;

function built(
  carrier: Site['carrier'],
  downMbps: number,
  upMbps: number,
  oneWayDelayMs: number,
  ipv6: BuiltIpv6,
  lossRatio = 0,
): Build {
  const mtuB = ipv6 === 'path-mtu-black-hole' ? 1400 : 1500;
  const rates = { downBps: downMbps * 1e6, upBps: upMbps * 1e6 };
  return { carrier, ...rates, oneWayDelayMs, lossRatio, ipv6, mtuB };
}

/**
 * Twelve lines, four to a county; further sites begin again from the top in further counties.
 * Lossy lines are slow and near, so that four TCP connections still fill them (Mathis et al. 1997).
 */
const BUILDS: readonly Build[] = [
  built('telecom', 100, 20, 2, 'works'),
  built('mobile', 300, 50, 5, 'works'),
  built('telecom', 20, 5, 10, 'none'),
  built('mobile', 100, 20, 8, 'works'),

  built('telecom', 500, 50, 10, 'works'),
  built('mobile', 20, 5, 2, 'works', 0.02),
  built('telecom', 100, 20, 10, 'dropped'),
  built('mobile', 200, 30, 15, 'works'),

  built('telecom', 100, 20, 2, 'works', 0.005),
  built('mobile', 100, 20, 8, 'path-mtu-black-hole'),
  built('telecom', 200, 30, 5, 'echo-filtered'),
  built('mobile', 300, 50, 20, 'works'),
];

export const DEFAULT_SITES = BUILDS.length;
/** As many as two cores carry. */
export const MAX_SITES = 60;
const SITES_PER_COUNTY = 4;

/** One site of every IPv6 condition, and a lossy one: the smallest province that shows everything. */
export const SMALL_PROVINCE: readonly number[] = [0, 2, 5, 6, 9, 10];

export interface Village {
  code: string;
  name: string;
  county: string;
}

/**
 * Villages (村民委员会, not 社区) for the sites, in the register's order of counties but going round
 * the cities, so that a small lab already touches several of them.
 * @param register the places file: `code,name,level,parent,kind`, no quoting.
 */
export function villagesOf(register: string): Village[] {
  const rows = register
    .trim()
    .split('\n')
    .map((line) => line.trim().split(','));
  const byCounty = new Map<string, Village[]>();
  for (const [code = '', name = '', level, , kind] of rows) {
    if (level !== 'village' || kind !== 'village_committee') continue;
    const county = code.slice(0, 6);
    const villages = byCounty.get(county) ?? [];
    byCounty.set(county, villages);
    // One of a township: a county's lines lie apart.
    if (villages.at(-1)?.code.slice(0, 9) !== code.slice(0, 9))
      villages.push({ code, name, county });
  }
  const rank = new Map<string, number>();
  const rounds = [...byCounty]
    .filter(([, villages]) => villages.length >= SITES_PER_COUNTY)
    .map(([county, villages]) => {
      const city = county.slice(0, 4);
      const round = rank.get(city) ?? 0;
      rank.set(city, round + 1);
      return { round, villages: villages.slice(0, SITES_PER_COUNTY) };
    });
  return rounds.sort((a, b) => a.round - b.round).flatMap(({ villages }) => villages);
}

/** The `index`-th site; throws RangeError beyond the villages given or `MAX_SITES`. */
export function siteAt(index: number, villages: readonly Village[]): Site {
  const village = villages[index];
  const build = BUILDS[index % BUILDS.length];
  if (!village || !build || index >= MAX_SITES) throw new RangeError(`there is no site ${index}`);
  return {
    index,
    name: `site-${String(index + 1).padStart(2, '0')}`,
    place: village.code,
    placeName: village.name,
    county: village.county,
    ...build,
  };
}

/**
 * TCP payload of a full link, bit/s: of every frame of MTU + 14 bytes (Ethernet header) the IP
 * header, the TCP header and its timestamps (RFC 7323) carry nothing. 1448/1514 over IPv4 and
 * 1428/1514 over IPv6 at an MTU of 1500.
 */
export function goodputBps(rateBps: number, family: 4 | 6, mtuB = 1500): number {
  const headersB = (family === 4 ? 20 : 40) + 20 + 12;
  return (rateBps * (mtuB - headersB)) / (mtuB + 14);
}

export function truthOf(site: Site): Truth {
  const { downBps, upBps, lossRatio, mtuB } = site;
  return {
    rttMs: 2 * site.oneWayDelayMs,
    lossRatio: 1 - (1 - lossRatio) ** 2,
    // Downwards packets are lost before the shaper, which the sender keeps full all the same;
    // upwards behind it, so what is lost has already used up rate.
    downMbps: goodputBps(downBps, 4, mtuB) / 1e6,
    upMbps: (goodputBps(upBps, 4, mtuB) * (1 - lossRatio)) / 1e6,
    ipv6: site.ipv6,
  };
}
