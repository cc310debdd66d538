/**
 * A plan is data: `plans/*.yaml`, checked against this schema. Another province or year is another
 * file; nothing else changes.
 */

import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { Fault } from '../probes/fault.ts';
import { nameSchema } from '../probes/measurement.ts';
import type { Indicator } from '../sql/indicator.ts';
import { AUTHORITY } from './challenge.ts';

const titleSchema = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });

/** One bound, in the indicator's unit: 0…1 for ratios, bit/s for rates. */
const goalSchema = z
  .strictObject({
    atLeast: z.number().positive().optional(),
    atMost: z.number().min(0).optional(),
    basis: z.enum(['plan', 'assumed']),
    note: titleSchema,
  })
  .refine(({ atLeast, atMost }) => (atLeast === undefined) !== (atMost === undefined), {
    message: 'either atLeast or atMost · atLeast 与 atMost 须有且仅有其一',
  })
  .transform(({ atLeast, atMost, ...said }) => ({
    bound: atLeast === undefined ? ('atMost' as const) : ('atLeast' as const),
    value: atLeast ?? atMost ?? 0,
    ...said,
  }));

const targetSchema = z.strictObject({
  id: nameSchema,
  /** Name of a file in `sql/indicators/`. */
  indicator: nameSchema,
  title: titleSchema,
  /** Paragraph of the plan's text. */
  source: z.string().min(1),
  goal: goalSchema,
  /** Kinds of villages the target is for, as the register names them; none: all. */
  villageKinds: z.array(z.string().min(1)).default([]),
  /** When a subject's month counts as observed, and what a pass is; of quotients nothing is observed. */
  evidence: z
    .strictObject({
      minimumRuns: z.int().min(1),
      minimumDays: z.int().min(1).max(28),
      /** Share of a subject's runs that must succeed; ratios only. */
      passRatio: z.number().gt(0).max(1).default(1),
    })
    .prefault({ minimumRuns: 1, minimumDays: 1 }),
  /** Of a standing: what lines must show to bear out what is declared. Other kinds have none. */
  proof: z
    .strictObject({
      /** One that is measured by line. */
      indicator: nameSchema,
      /** In that indicator's unit, of the line's own value. */
      atLeast: z.number().positive(),
    })
    .optional(),
  /** Carriers the target is asked of, of the plan's; none: all. */
  carriers: z.array(nameSchema).default([]),
  /** Below this many observed subjects an area gets no verdict. */
  minimumObserved: z.int().min(1),
});
export type PlanTarget = z.infer<typeof targetSchema>;

/**
 * How long rows are kept, in days after their own; the defaults are those of a plan that says nothing.
 * Thirteen months whole, so that any month can be held beside the same one of the year before; three
 * years of failures, for disputes about a place that was not reached.
 */
const retentionSchema = z
  .strictObject({
    /** Measurements and samples. Two months at least: the seal of a month reads all its days. */
    successDays: z.int().min(62).max(36_500).default(400),
    /** Failed and skipped measurements, without samples. */
    failureDays: z.int().min(62).max(36_500).default(1_100),
  })
  .refine(({ successDays, failureDays }) => failureDays >= successDays, {
    path: ['failureDays'],
    message: 'failures are kept at least as long as successes (successDays)',
  });

/** When carriers file: on that day of the following month at the latest. */
const filingsSchema = z.strictObject({ dueDay: z.int().min(1).max(28).default(10) });

/**
 * How long the other side may reply to a challenge, and the authority may then decide: calendar days
 * after the day of it, to that day's end in Asia/Shanghai.
 */
const challengesSchema = z.strictObject({
  replyDays: z.int().min(1).max(365).default(30),
  decisionDays: z.int().min(1).max(365).default(30),
});

const planSchema = z.strictObject({
  id: nameSchema,
  title: titleSchema,
  source: titleSchema,
  /** Code of the place the plan is for. */
  area: z.string().regex(/^\d{2,12}$/),
  due: z.iso.date(),
  carriers: z.array(
    z.strictObject({
      code: nameSchema.refine((code) => code !== AUTHORITY, `no carrier is called ${AUTHORITY}`),
      title: titleSchema,
    }),
  ),
  retention: retentionSchema.prefault({}),
  filings: filingsSchema.prefault({}),
  challenges: challengesSchema.prefault({}),
  targets: z.array(targetSchema).min(1),
});
export type Plan = z.infer<typeof planSchema>;

/** What a plan's words must refer to. */
export interface PlanReferences {
  hasPlace(code: string): boolean;
  readonly indicators: ReadonlyMap<string, Pick<Indicator, 'kind' | 'subject'>>;
  /** Null where there is no register to hold them against. */
  readonly villageKinds: readonly string[] | null;
}

/**
 * Parses and checks a plan. Every refusal names the file, the line and the cure.
 *
 * @throws Fault `plan-unreadable`, `plan-malformed`, `plan-unknown-place`, `plan-unknown-indicator`, `plan-unknown-kind`, `plan-unknown-carrier`, `plan-duplicate-target`, `plan-evidence-missing`, `plan-evidence-unwanted`, `plan-proof-missing`, `plan-proof-unwanted`
 */
export function parsePlan(text: string, file: string, references: PlanReferences): Plan {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken) {
    const line = broken.linePos?.[0].line ?? 1;
    throw planFault(
      'plan-unreadable',
      file,
      line,
      `不是合法的 YAML(${broken.code})`,
      `not valid YAML (${broken.code})`,
    );
  }
  const lineAt = (path: readonly PropertyKey[]) => lineOf(document.contents, path, lines);

  const parsed = planSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path =
      issue?.code === 'unrecognized_keys'
        ? [...issue.path, issue.keys[0] ?? '']
        : (issue?.path ?? []);
    const where = path.map(String).join('.');
    throw planFault(
      'plan-malformed',
      file,
      lineAt(path),
      `“${where}” 不合要求:${issue?.message}`,
      `"${where}" is not as it must be: ${issue?.message}`,
    );
  }
  const plan = parsed.data;

  if (!references.hasPlace(plan.area))
    throw planFault(
      'plan-unknown-place',
      file,
      lineAt(['area']),
      `登记册中没有区划代码 ${plan.area}`,
      `the register has no place with code ${plan.area}`,
    );
  const unknownIndicator = (name: string, line: number) => {
    const known = [...references.indicators.keys()];
    return planFault(
      'plan-unknown-indicator',
      file,
      line,
      `没有可用于此处、名为 ${name} 的指标,可用:${known.join('、')}`,
      `no indicator that fits here is called ${name}; there are: ${known.join(', ')}`,
    );
  };
  for (const [index, target] of plan.targets.entries()) {
    const at = (...path: PropertyKey[]) => lineAt(['targets', index, ...path]);
    const indicator = references.indicators.get(target.indicator);
    if (!indicator) throw unknownIndicator(target.indicator, at('indicator'));
    const saysEvidence = document.hasIn(['targets', index, 'evidence']);
    if (indicator.kind === 'quotient' && saysEvidence)
      throw planFault(
        'plan-evidence-unwanted',
        file,
        at('evidence'),
        `指标 ${target.indicator} 由填报计算,不测线路:请删去 evidence`,
        `indicator ${target.indicator} is drawn from filings, no line is measured for it: leave evidence out`,
      );
    if (indicator.kind !== 'quotient' && !saysEvidence)
      throw planFault(
        'plan-evidence-missing',
        file,
        at('evidence'),
        `目标 ${target.id} 未写 evidence(多少次、多少天才算有证据)`,
        `target ${target.id} lacks evidence (how many runs on how many days)`,
      );
    if ((indicator.kind === 'standing') !== (target.proof !== undefined))
      throw planFault(
        target.proof ? 'plan-proof-unwanted' : 'plan-proof-missing',
        file,
        at('proof'),
        `核验填报的指标须写 proof(线路须测得什么),其他指标不写:${target.indicator}`,
        `an indicator of what is declared needs a proof (what lines must show), no other has one: ${target.indicator}`,
      );
    if (target.proof) {
      const proving = references.indicators.get(target.proof.indicator);
      if (proving?.subject !== 'line')
        throw unknownIndicator(target.proof.indicator, at('proof', 'indicator'));
    }
    const carriers = plan.carriers.map(({ code }) => code);
    const stranger = target.carriers.findIndex((code) => !carriers.includes(code));
    if (stranger >= 0)
      throw planFault(
        'plan-unknown-carrier',
        file,
        at('carriers', stranger),
        `规划中没有运营商 ${target.carriers[stranger]}`,
        `the plan has no carrier ${target.carriers[stranger]}`,
      );
    const unknown = target.villageKinds.findIndex(
      (kind) => references.villageKinds && !references.villageKinds.includes(kind),
    );
    if (unknown >= 0)
      throw planFault(
        'plan-unknown-kind',
        file,
        at('villageKinds', unknown),
        `登记册中没有 ${target.villageKinds[unknown]} 类的村(社区),有:${references.villageKinds?.join('、')}`,
        `the register has no villages of the kind ${target.villageKinds[unknown]}; it has: ${references.villageKinds?.join(', ')}`,
      );
    if (plan.targets.findIndex(({ id }) => id === target.id) !== index)
      throw planFault(
        'plan-duplicate-target',
        file,
        at('id'),
        `目标 ${target.id} 出现了两次`,
        `target ${target.id} stands there twice`,
      );
  }
  return plan;
}

/** The plans that ship with tongda, by id. */
export function builtInPlanFile(id: string): string {
  return new URL(`./plans/${id}.yaml`, import.meta.url).pathname;
}

/** @throws Fault `plan-missing` besides those of {@link parsePlan} */
export function loadPlan(file: string, references: PlanReferences): Plan {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Fault(
      'plan-missing',
      `读不到规划文件 ${file}:请检查路径`,
      `cannot read the plan file ${file}: check the path`,
    );
  }
  return parsePlan(text, file, references);
}

function planFault(code: string, file: string, line: number, zh: string, en: string): Fault {
  return new Fault(
    code,
    `规划文件 ${file} 第 ${line} 行:${zh}`,
    `plan file ${file}, line ${line}: ${en}`,
  );
}

/** The line of the deepest node along `path` that exists: a missing key is reported at its parent. */
function lineOf(root: Node | null, path: readonly PropertyKey[], lines: LineCounter): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (!pair) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  return lines.linePos(offset).line;
}
