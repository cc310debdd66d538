import { describe, expect, it } from 'vitest';
import {
  countStandings,
  type DeclaredPlace,
  type LineMonth,
  standingOf,
  standingRule,
} from '../../../api/standing.ts';
import { FIXED_TECHNOLOGIES } from '../../../ingest/filing.ts';
import { chance } from '../../chance.ts';

const RULE = { minimumRuns: 3, minimumDays: 2, atLeast: 20 };

function filed(over: Partial<DeclaredPlace> = {}): DeclaredPlace {
  return { row: 2, reached: true, technology: 'ftth', opticalNode: 'OLT-7', ...over };
}

let named = 0;
function line(value: number | null, over: Partial<LineMonth> = {}): LineMonth {
  const { runs = 3, days = 2 } = over;
  const sufficient = value !== null && runs >= RULE.minimumRuns && days >= RULE.minimumDays;
  return { line: `line-${named++}`, technology: 'ftth', runs, days, value, sufficient, ...over };
}

const NO = filed({ reached: false, technology: 'none', opticalNode: '' });
const NODELESS = filed({ opticalNode: '' });

describe('standing of a place', () => {
  it.each([
    ['nothing filed, nothing measured', null, [], 'no evidence', []],
    ['nothing filed, passes', null, [line(25)], 'no evidence', ['measured-not-declared']],
    ['nothing filed, fails', null, [line(1)], 'no evidence', []],
    ['filed as not reached', NO, [], 'unserved', []],
    ['filed as not reached, passes', NO, [line(25)], 'unserved', ['measured-not-declared']],
    ['reached, no line', filed(), [], 'declared', []],
    ['reached, a line without a run', filed(), [line(null)], 'declared', []],
    ['reached, a run short', filed(), [line(25, { runs: 2 })], 'declared', []],
    ['reached, a day short', filed(), [line(1, { days: 1 })], 'declared', []],
    ['reached, just passes', filed(), [line(20)], 'confirmed', []],
    ['reached, just fails', filed(), [line(19.9)], 'contradicted', ['lines-fail']],
    ['as many pass as fail', filed(), [line(25), line(1)], 'confirmed', []],
    ['more fail', filed(), [line(25), line(1), line(1)], 'contradicted', ['lines-fail']],
    [
      'failing lines without enough evidence have no vote',
      filed(),
      [line(25), line(1, { runs: 1 }), line(1, { days: 1 })],
      'confirmed',
      [],
    ],
    ['passes without a node', NODELESS, [line(25)], 'declared', ['optical-node-missing']],
    [
      'fails without a node',
      NODELESS,
      [line(1)],
      'contradicted',
      ['lines-fail', 'optical-node-missing'],
    ],
    [
      'a cable needs no optical node',
      filed({ technology: 'docsis', opticalNode: '' }),
      [line(25, { technology: 'docsis' })],
      'confirmed',
      [],
    ],
    [
      'fibre declared, copper measured',
      filed(),
      [line(25, { technology: 'dsl' })],
      'contradicted',
      ['technology-contradicts'],
    ],
    [
      'fibre and copper side by side',
      filed(),
      [line(25, { technology: 'dsl' }), line(25)],
      'confirmed',
      [],
    ],
    [
      'fibre to the kerb ends in copper',
      filed({ technology: 'fttn' }),
      [line(25, { technology: 'dsl' })],
      'confirmed',
      [],
    ],
    [
      'copper without enough evidence rules nothing out',
      filed(),
      [line(25, { technology: 'dsl', runs: 1 })],
      'declared',
      [],
    ],
  ] as const)('%s', (_what, filing, lines, standing, remarks) => {
    const answer = standingOf(filing, lines, {}, RULE);
    expect([answer.standing, answer.remarks]).toEqual([standing, remarks]);
    expect(answer).toMatchObject({ rule: RULE, filing });
  });

  it.each([
    ['ftth', ['ftth']],
    ['fttb', ['ftth', 'fttb']],
    ['fttn', ['ftth', 'fttb', 'fttn', 'docsis', 'dsl']],
    ['docsis', ['ftth', 'fttb', 'fttn', 'docsis']],
    ['dsl', ['ftth', 'fttb', 'fttn', 'dsl']],
  ] as const)('holds a declared %s against lines that pass', (declared, fitting) => {
    for (const technology of FIXED_TECHNOLOGIES) {
      const answer = standingOf(
        filed({ technology: declared }),
        [line(25, { technology })],
        {},
        RULE,
      );
      expect([technology, answer.standing]).toEqual([
        technology,
        (fitting as readonly string[]).includes(technology) ? 'confirmed' : 'contradicted',
      ]);
    }
  });

  it('never confirms a fibre without its optical node, wherever it ends', () => {
    for (const technology of FIXED_TECHNOLOGIES) {
      const answer = standingOf(filed({ technology, opticalNode: '' }), [line(25)], {}, RULE);
      const fibre = technology.startsWith('ftt');
      expect(answer.remarks).toEqual(fibre ? ['optical-node-missing'] : []);
      expect(answer.standing).toBe(fibre ? 'declared' : 'confirmed');
    }
  });

  it('raises nothing where as many pass as fail and nothing was declared', () => {
    expect(standingOf(null, [line(25), line(1)], {}, RULE).remarks).toEqual([]);
  });

  it('says that a place is served from outside', () => {
    expect(standingOf(NO, [], { outside: true }, RULE).remarks).toEqual(['served-from-outside']);
  });

  it('takes runs and days from the evidence, and from the proof what a line must show', () => {
    const evidence = { minimumRuns: 3, minimumDays: 2, passRatio: 0.95 };
    const proof = { indicator: 'median-download-rate', atLeast: 20 };
    expect(standingRule({ evidence, proof })).toEqual(RULE);
  });

  it('depends neither on the order of lines nor on copies, and its counts add up', () => {
    const dice = chance(7);
    const answers = Array.from({ length: 2_000 }, () => {
      const filing = dice.oneOf([null, NO, NODELESS, filed(), filed({ technology: 'fttb' })]);
      const lines = Array.from({ length: dice.below(6) }, () =>
        line(dice.oneOf([null, 1, 20, 25]), {
          technology: dice.oneOf([...FIXED_TECHNOLOGIES, 'lte']),
          runs: dice.below(5),
          days: dice.below(4),
        }),
      );
      const answer = standingOf(filing, lines, {}, RULE);
      expect(standingOf(filing, dice.shuffled([...lines, ...lines]), {}, RULE)).toEqual(answer);
      if (lines[0]) {
        const differing = [...lines, { ...lines[0], value: 1 }, { ...lines[0], runs: 4 }];
        expect(standingOf(filing, dice.shuffled(differing), {}, RULE)).toEqual(
          standingOf(filing, differing, {}, RULE),
        );
      }
      return answer;
    });
    const { places, ...parts } = countStandings(answers);
    expect(places).toBe(2_000);
    expect(Object.values(parts).reduce((sum, part) => sum + part)).toBe(places);
    expect(Object.keys(parts)).toHaveLength(5);
    for (const count of Object.values(parts)) expect(count).toBeGreaterThan(0);
  });
});
