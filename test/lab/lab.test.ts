import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StandingEvidence } from '../../api/contract/filing.ts';
import { trueStanding } from './claims.ts';
import { BUSY, compare, type Observation, told } from './comparison.ts';
import { buildProvince, obstacle, type Province } from './province.ts';
import { REGISTER, SMALL_PROVINCE, siteAt, villagesOf } from './sites.ts';
import { survey } from './survey.ts';

const SURVEY_SECONDS = 65;

const hindrance = obstacle();
if (hindrance) console.warn(`实验网测试未运行 LAB TESTS NOT RUN: ${hindrance.zh} ${hindrance.en}`);

const villages = villagesOf(readFileSync(REGISTER, 'utf8'));
const sites = SMALL_PROVINCE.map((index) => siteAt(index, villages));

describe.skipIf(hindrance)(`the small province${hindrance ? ` (${hindrance.code})` : ''}`, () => {
  let province: Province | undefined;
  let observations: readonly Observation[] = [];
  let standings: readonly StandingEvidence[] = [];

  beforeAll(async () => {
    province = await buildProvince(sites);
    ({ observations, standings } = await survey(province, { seconds: SURVEY_SECONDS }));
  });
  afterAll(() => province?.close());

  it.each(sites)(`finds the truth of $name ($ipv6); ${told(BUSY)}`, ({ name }) => {
    const observation = observations.find(({ site }) => site === name);
    expect(observation).toBeDefined();
    const disagreeing = observation
      ? compare(observation, BUSY).filter(({ agrees }) => !agrees)
      : [];
    expect(disagreeing).toEqual([]);
  });

  it('holds what carriers filed of every village as its line was built', () => {
    expect(standings.map(({ place, standing }) => [place.code, standing])).toEqual(
      sites.map((site) => [site.place, trueStanding(site)]),
    );
    // The small province has every standing there is.
    expect(new Set(sites.map(trueStanding)).size).toBe(5);
  });
});
