import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare, type Observation, TOLERANCES } from './comparison.ts';
import { buildProvince, obstacle, type Province } from './province.ts';
import { REGISTER, SMALL_PROVINCE, siteAt, villagesOf } from './sites.ts';
import { survey } from './survey.ts';

const SURVEY_SECONDS = 65;

const hindrance = obstacle();
if (hindrance) console.warn(`实验网测试未运行 LAB TESTS NOT RUN: ${hindrance.zh} ${hindrance.en}`);

describe.skipIf(hindrance)(`the small province${hindrance ? ` (${hindrance.code})` : ''}`, () => {
  let province: Province | undefined;
  let observations: readonly Observation[] = [];

  beforeAll(async () => {
    const villages = villagesOf(readFileSync(REGISTER, 'utf8'));
    const sites = SMALL_PROVINCE.map((index) => siteAt(index, villages));
    province = await buildProvince(sites);
    ({ observations } = await survey(province, { seconds: SURVEY_SECONDS }));
  });
  afterAll(() => province?.close());

  it.each(SMALL_PROVINCE.map((index, row) => ({ row, index })))(
    `finds the truth of site $index (${TOLERANCES})`,
    ({ row }) => {
      const observation = observations[row];
      expect(observation).toBeDefined();
      const disagreeing = observation ? compare(observation).filter(({ agrees }) => !agrees) : [];
      expect(disagreeing).toEqual([]);
    },
  );
});
