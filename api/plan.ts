/**
 * A plan is data: `plans/*.yaml`, checked against this schema. Another province or year is another
 * file; nothing else changes.
 */

import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { Fault } from '../probes/fault.ts';
import { nameSchema } from '../probes/measurement.ts';
import { AUTHORITY } from './challenge.ts';

const titleSchema = z.strictObject({ zh: z.string().min(1), en: z.string().min(1) });

export const targetSchema = z.strictObject({
  id: nameSchema,
  /** Name of a file in `sql/indicators/`. */
  indicator: nameSchema,
  title: titleSchema,
  /** Paragraph of the plan's text. */
  source: z.string().min(1),
  goal: z.strictObject({
    /** In the indicator's unit: 0…1 for ratios, bit/s for rates. */
    atLeast: z.number().positive(),
    basis: z.enum(['plan', 'assumed']),
    note: titleSchema,
  }),
  /** Kinds of villages the target is for, as the register names them; none: all. */
  villageKinds: z.array(z.string().min(1)).default([]),
  /** What carriers declare of a place that the target bears out or contradicts; none: nothing. */
  declares: z.enum(['fibre', 'mobile']).optional(),
  /** When a line's month counts as observed, and what a pass is. */
  evidence: z.strictObject({
    minimumRuns: z.int().min(1),
    minimumDays: z.int().min(1).max(28),
    /** Share of a line's runs that must succeed; ratios only. */
    passRatio: z.number().gt(0).max(1).default(1),
  }),
  /** Below this many observed lines an area gets no verdict. */
  minimumLines: z.int().min(1),
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

export const planSchema = z.strictObject({
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
  readonly indicators: readonly string[];
  /** Null where there is no register to hold them against. */
  readonly villageKinds: readonly string[] | null;
}

/**
 * Parses and checks a plan. Every refusal names the file, the line and the cure.
 *
 * @throws Fault `plan-unreadable`, `plan-malformed`, `plan-unknown-place`, `plan-unknown-indicator`, `plan-unknown-kind`, `plan-duplicate-target`
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
  for (const [index, target] of plan.targets.entries()) {
    if (!references.indicators.includes(target.indicator))
      throw planFault(
        'plan-unknown-indicator',
        file,
        lineAt(['targets', index, 'indicator']),
        `没有名为 ${target.indicator} 的指标,可用:${references.indicators.join('、')}`,
        `no indicator is called ${target.indicator}; there are: ${references.indicators.join(', ')}`,
      );
    const unknown = target.villageKinds.findIndex(
      (kind) => references.villageKinds && !references.villageKinds.includes(kind),
    );
    if (unknown >= 0)
      throw planFault(
        'plan-unknown-kind',
        file,
        lineAt(['targets', index, 'villageKinds', unknown]),
        `登记册中没有 ${target.villageKinds[unknown]} 类的村(社区),有:${references.villageKinds?.join('、')}`,
        `the register has no villages of the kind ${target.villageKinds[unknown]}; it has: ${references.villageKinds?.join(', ')}`,
      );
    if (plan.targets.findIndex(({ id }) => id === target.id) !== index)
      throw planFault(
        'plan-duplicate-target',
        file,
        lineAt(['targets', index, 'id']),
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
