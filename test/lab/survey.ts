/** One survey of a province: peer, station and probes at work for a while, then what they found. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StandingEvidence } from '../../api/contract/filing.ts';
import { type Observation, observe } from './comparison.ts';
import { ECHOES_PER_RUN } from './programme.ts';
import type { Province } from './province.ts';
import type { Site } from './sites.ts';
import { enrol, fileClaims, type Station, startPeer, startProbe, startStation } from './station.ts';

export interface SurveyOptions {
  readonly seconds: number;
  readonly signal?: AbortSignal;
  /** A step of the preparation has begun. */
  readonly step?: (message: string) => void;
  /** So much of the time has passed. */
  readonly passed?: (seconds: number) => void;
}

export interface Survey {
  readonly station: Station;
  readonly observations: Observation[];
  /** How what was filed of each site's village stands, in the order of the sites. */
  readonly standings: StandingEvidence[];
}

/**
 * @throws LabError `process-failed` with the last words of what failed; AbortError by `signal`
 */
export async function survey(
  province: Province,
  { seconds, signal, step = () => {}, passed = () => {} }: SurveyOptions,
): Promise<Survey> {
  step('启动测量对端 starting the peer');
  const peer = await startPeer(province);
  step('启动站点 starting the station');
  const station = await startStation(province, peer);
  const enrolled: [Site, token: string][] = [];
  for (const site of province.sites) {
    signal?.throwIfAborted();
    step(`登记探针 enrolling probes: ${enrolled.length + 1}/${province.sites.length}`);
    enrolled.push([site, await enrol(province, station, site)]);
  }
  step('启动探针 starting the probes');
  for (const [site, token] of enrolled) startProbe(province, station, site, token);
  for (let second = 0; second < seconds; second++) {
    passed(second);
    await sleep(1_000, undefined, signal ? { signal } : {});
  }
  passed(seconds);
  const rows = await station.lines();
  const observations = province.sites.map((site) =>
    observe(
      site,
      rows.find(({ line }) => line === site.name),
      ECHOES_PER_RUN,
    ),
  );
  step('填报并核验 filing, and holding it against the lines');
  await fileClaims(province, station);
  const standings: StandingEvidence[] = [];
  for (const site of province.sites) standings.push(await station.standing(site));
  return { station, observations, standings };
}
