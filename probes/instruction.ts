/**
 * The instruction: what the controller asks one probe to do (RFC 7594 §5.2.1, RFC 8193 §4.2).
 * Pulled by the probe: `GET /v1/instruction` with its bearer token, `ETag` / `If-None-Match`.
 */
import { z } from 'zod';
import { familySchema, nameSchema } from './measurement.ts';

/** Version of the instruction's shape. A probe refuses a version it does not know. */
export const INSTRUCTION_VERSION = 1;

/** Targets of one task: what one probe measures, and spools, in one go. */
const TARGETS_LIMIT = 10_000;

/** A host, an address or a URL, as the metric asks. */
const targetSchema = z.string().min(1).max(500);

export const taskSchema = z
  .strictObject({
    name: nameSchema,
    metric: nameSchema,
    /** Either one target or a list of them: a measurement each. */
    target: targetSchema.optional(),
    targets: z.array(targetSchema).min(1).max(TARGETS_LIMIT).optional(),
    family: familySchema,
    /** Checked by the metric's own schema before the task runs. */
    parameters: z.record(z.string(), z.unknown()).default({}),
  })
  .refine(({ target, targets }) => (target === undefined) !== (targets === undefined), {
    path: ['target'],
    message: 'a task has either target or targets',
  });
export type Task = z.infer<typeof taskSchema>;

export function targetsOf({ target, targets = [] }: Task): readonly string[] {
  return target === undefined ? targets : [target];
}

export const scheduleSchema = z.strictObject({
  name: nameSchema,
  /** Runs once in every period, at a phase that is a hash of probe and schedule. */
  periodS: z.number().min(1).max(31_536_000),
  /** Run one after the other, in this order. */
  tasks: z.array(nameSchema).min(1),
});
export type Schedule = z.infer<typeof scheduleSchema>;

/** Nothing, or only the named schedules, runs within `[start, end)` (RFC 8193 suppression). */
export const suppressionSchema = z.strictObject({
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  schedules: z.array(nameSchema).optional(),
});

export const instructionSchema = z
  .strictObject({
    version: z.literal(INSTRUCTION_VERSION),
    agentId: nameSchema,
    /** Grows with every change; a probe refuses to go back. */
    generation: z.int().nonnegative(),
    issued: z.iso.datetime({ precision: 3 }),
    tasks: z.array(taskSchema),
    schedules: z.array(scheduleSchema),
    suppressions: z.array(suppressionSchema).default([]),
    /** How often spooled measurements are reported. */
    reportPeriodS: z.number().min(1).max(86_400),
    /** How often the instruction is fetched again. */
    instructionPeriodS: z.number().min(1).max(86_400),
    /** What measuring may move in a month; the probe's own setting holds where it is lower. */
    monthlyBudgetB: z.int().nonnegative().optional(),
  })
  .superRefine((instruction, context) => {
    const names = new Set(instruction.tasks.map((task) => task.name));
    if (names.size !== instruction.tasks.length)
      context.addIssue({ code: 'custom', path: ['tasks'], message: 'two tasks have one name' });
    for (const [index, schedule] of instruction.schedules.entries())
      for (const name of schedule.tasks)
        if (!names.has(name))
          context.addIssue({
            code: 'custom',
            path: ['schedules', index, 'tasks'],
            message: `no task is called ${name}`,
          });
  });
export type Instruction = z.infer<typeof instructionSchema>;
