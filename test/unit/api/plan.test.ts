import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtInPlanFile, loadPlan, parsePlan } from '../../../api/plan.ts';
import { planOf } from '../../../api/plan-source.ts';
import { parsePlaces, Register } from '../../../ingest/register.ts';
import { INDICATORS } from '../../../sql/indicator.ts';

const references = {
  hasPlace: (code: string) => code === '32',
  indicators: INDICATORS,
  villageKinds: ['village_committee', 'residents_committee'],
};
const good = readFileSync(builtInPlanFile('jiangsu-2013'), 'utf8');

/** One fault each: the edit that makes it, the code, and the line the message must name. */
const FAULTS: [name: string, edit: (plan: string) => string, code: string, at: RegExp][] = [
  [
    'broken YAML',
    (plan) => plan.replace('id: jiangsu-2013', 'id: [jiangsu'),
    'plan-unreadable',
    /./,
  ],
  [
    'an unknown key',
    (plan) => plan.replace('due: 2015-12-31', 'due: 2015-12-31\ncolour: red'),
    'plan-malformed',
    /^colour/,
  ],
  [
    'an unknown key within a target',
    (plan) => plan.replace('    minimumObserved: 3\n', '    minimumObserved: 3\n    weight: 2\n'),
    'plan-malformed',
    /^\s+weight/,
  ],
  [
    'a target without a goal',
    (plan) => plan.replace(/ {4}goal:\n( {6}.*\n)+/, ''),
    'plan-malformed',
    /^ {2}- id: ipv6-network/,
  ],
  [
    'a wrong code',
    (plan) => plan.replace('area: "32"', 'area: "99"'),
    'plan-unknown-place',
    /^area/,
  ],
  [
    'a code that lost its quotes',
    (plan) => plan.replace('area: "32"', 'area: 32'),
    'plan-malformed',
    /^area/,
  ],
  [
    'an unknown indicator',
    (plan) => plan.replace('indicator: ipv6-reach-lines', 'indicator: ipv6-reach'),
    'plan-unknown-indicator',
    /indicator: ipv6-reach$/,
  ],
  [
    'a kind of village nobody has',
    (plan) =>
      plan.replace('    minimumObserved: 3\n', '    minimumObserved: 3\n    villageKinds: [hut]\n'),
    'plan-unknown-kind',
    /villageKinds: \[hut\]/,
  ],
  [
    'a standing without a proof',
    (plan) => plan.replace(/ {4}proof: .*\n/, ''),
    'plan-proof-missing',
    /^ {2}- id: fibre-villages/,
  ],
  [
    'a proof of what no carrier declares',
    (plan) =>
      plan.replace(
        '    minimumObserved: 3\n',
        '    minimumObserved: 3\n    proof: { indicator: median-download-rate, atLeast: 1 }\n',
      ),
    'plan-proof-unwanted',
    /proof: /,
  ],
  [
    'a proof by what is not measured on lines',
    (plan) =>
      plan.replace('proof: { indicator: median-download-rate', 'proof: { indicator: ipv6-services'),
    'plan-unknown-indicator',
    /proof: { indicator: ipv6-services/,
  ],
  [
    'a measured target that does not say what evidence is',
    (plan) => plan.replace(/ {4}evidence: .*\n/, ''),
    'plan-evidence-missing',
    /^ {2}- id: ipv6-network/,
  ],
  [
    'evidence of what is filed and not measured',
    (plan) =>
      plan.replace(
        'indicator: cable-entry-rate\n',
        'indicator: cable-entry-rate\n    evidence: { minimumRuns: 1, minimumDays: 1 }\n',
      ),
    'plan-evidence-unwanted',
    /evidence: /,
  ],
  [
    'a carrier the plan does not have',
    (plan) => plan.replace('carriers: [cable]', 'carriers: [cable, post]'),
    'plan-unknown-carrier',
    /carriers: \[cable, post\]/,
  ],
  [
    'two bounds in one goal',
    (plan) => plan.replace('      atLeast: 0.95\n', '      atLeast: 0.95\n      atMost: 1\n'),
    'plan-malformed',
    /goal:/,
  ],
  [
    'two targets of one name',
    (plan) => plan.replace('id: access-rate', 'id: ipv6-network'),
    'plan-duplicate-target',
    /id: ipv6-network/,
  ],
  [
    'failures kept shorter than successes',
    (plan) => plan.replace('failureDays: 1100', 'failureDays: 399'),
    'plan-malformed',
    /^retention: .*failureDays/,
  ],
  [
    'a month that would be trimmed before it is sealed',
    (plan) => plan.replace('successDays: 400', 'successDays: 30'),
    'plan-malformed',
    /^retention: .*successDays/,
  ],
  [
    'an unknown key of retention',
    (plan) => plan.replace('failureDays: 1100', 'failureDays: 1100, sampleDays: 3'),
    'plan-malformed',
    /^retention: .*sampleDays/,
  ],
  [
    'a carrier by the name of the party that decides',
    (plan) => plan.replace('code: cable', 'code: authority'),
    'plan-malformed',
    /code: authority/,
  ],
  [
    'no day to reply to a challenge',
    (plan) => plan.replace('due: 2015-12-31', 'due: 2015-12-31\nchallenges: { replyDays: 0 }'),
    'plan-malformed',
    /^challenges: .*replyDays/,
  ],
  [
    'a ratio above one',
    (plan) => plan.replace('passRatio: 0.95', 'passRatio: 95'),
    'plan-malformed',
    /passRatio/,
  ],
];

describe('plans', () => {
  it.each(readdirSync(new URL('.', `file://${builtInPlanFile('jiangsu-2013')}`)))(
    '%s, which ships with tongda, holds against the register that does',
    (file) => {
      const places = new URL('../../../ingest/places/jiangsu-2023-06-30.csv', import.meta.url);
      const register = new Register(parsePlaces(readFileSync(places, 'utf8')));
      const id = file.replace('.yaml', '');
      expect(planOf(id, register).id).toBe(id);
    },
  );

  it('the built-in plan is well', () => {
    const plan = loadPlan(builtInPlanFile('jiangsu-2013'), references);
    // What the plan's own words put a number on, beside what it asks for without one.
    const stated = plan.targets.filter(({ goal }) => goal.basis === 'plan');
    expect(stated.map(({ id, goal }) => [id, goal.bound, goal.value])).toEqual([
      ['fibre-villages', 'atLeast', 1],
      ['fibre-hamlets', 'atLeast', 1],
      ['mobile-coverage', 'atLeast', 1],
      ['broadband-residents', 'atLeast', 0.3],
      ['digital-cable', 'atLeast', 1],
      ['two-way-cable', 'atLeast', 1],
      ['cable-entry', 'atLeast', 0.85],
      ['monitoring', 'atLeast', 1],
    ]);
  });

  it('says how long rows are kept, also where it does not', () => {
    const silent = good.replace(/^retention: .*$/m, '');
    expect(silent).not.toBe(good);
    for (const text of [good, silent])
      expect(parsePlan(text, 'plan.yaml', references).retention).toEqual({
        successDays: 400,
        failureDays: 1_100,
      });
  });

  it('gives thirty days to reply to a challenge and thirty to decide, where it says nothing', () => {
    const text = good.replace('due: 2015-12-31', 'due: 2015-12-31\nchallenges: { replyDays: 10 }');
    expect([good, text].map((plan) => parsePlan(plan, 'plan.yaml', references).challenges)).toEqual(
      [
        { replyDays: 30, decisionDays: 30 },
        { replyDays: 10, decisionDays: 30 },
      ],
    );
  });

  it('a file that is not there is said to be missing', () => {
    expect(() => loadPlan('/nowhere/plan.yaml', references)).toThrow(
      expect.objectContaining({ code: 'plan-missing' }),
    );
  });

  it.each(FAULTS)('%s is refused with its line', (_, edit, code, at) => {
    const text = edit(good);
    expect(text).not.toBe(good);
    let fault: { code?: string; en?: string } = {};
    try {
      parsePlan(text, 'plan.yaml', references);
    } catch (reason) {
      fault = reason as typeof fault;
    }
    expect(fault.code).toBe(code);
    const line = Number(/line (\d+)/.exec(fault.en ?? '')?.[1]);
    expect(text.split('\n')[line - 1]).toMatch(at);
  });
});
