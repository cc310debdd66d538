/**
 * The Controller (RFC 7594 §4.2): gives each probe its instruction. Probes pull, nothing is pushed:
 * `GET /v1/instruction` with the probe's token, `ETag` and `If-None-Match`.
 */
import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import { INSTRUCTION_VERSION, type Instruction, taskSchema } from '../probes/instruction.ts';
import { nameSchema } from '../probes/measurement.ts';
import { authenticate, type ProbeDirectory } from './binding.ts';
import { SERVICE_SCHEDULE, type ServiceWalks } from './service-walk.ts';

const MIB_B = 1024 * 1024;

/** What every probe is asked to do: schedules with their tasks written out. */
export const programmeSchema = z.array(
  z.strictObject({
    name: nameSchema.refine(
      (name) => name !== SERVICE_SCHEDULE,
      `${SERVICE_SCHEDULE} is the schedule that walks the registered services`,
    ),
    periodS: z.number().min(1).max(31_536_000),
    tasks: z.array(taskSchema).min(1),
  }),
);
export type Programme = z.infer<typeof programmeSchema>;

export interface ControllerOptions {
  readonly directory: ProbeDirectory;
  readonly programme: Programme;
  readonly walks: ServiceWalks;
  readonly reportPeriodS: number;
  readonly instructionPeriodS: number;
  readonly monthlyBudgetMiB?: number | undefined;
  readonly now: () => Date;
}

export function controller({
  directory,
  programme,
  walks,
  reportPeriodS,
  instructionPeriodS,
  monthlyBudgetMiB,
  now,
}: ControllerOptions): Hono {
  const generations = new Generations(now());
  return new Hono().get('/v1/instruction', async (context) => {
    const { probe, bindingAt } = await authenticate(directory, context.req.header('authorization'));
    const at = now();
    const walk = await walks.of(probe, bindingAt(at), at);
    const schedules = walk ? [...programme, walk] : programme;
    const asked = {
      tasks: schedules.flatMap(({ tasks }) => tasks),
      schedules: schedules.map(({ name, periodS, tasks }) => ({
        name,
        periodS,
        tasks: tasks.map((task) => task.name),
      })),
      ...(monthlyBudgetMiB === undefined ? {} : { monthlyBudgetB: monthlyBudgetMiB * MIB_B }),
    };
    const issued = generations.of(probe, hashOf(asked), at);
    const instruction: Instruction = {
      version: INSTRUCTION_VERSION,
      agentId: probe,
      generation: Math.floor(issued.getTime() / 1000),
      issued: issued.toISOString(),
      ...asked,
      suppressions: [],
      reportPeriodS,
      instructionPeriodS,
    };
    const etag = `"${hashOf(instruction)}"`;
    context.header('tongda-time', at.toISOString());
    context.header('etag', etag);
    if (context.req.header('if-none-match') === etag) return context.body(null, 304);
    return context.json(instruction);
  });
}

function hashOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
}

/**
 * When each probe was first asked what it is asked now. Its seconds are the generation: a station that
 * starts again, and a library that changes, make a later one.
 */
class Generations {
  readonly #start: Date;
  readonly #asked = new Map<string, { readonly what: string; readonly since: Date }>();

  constructor(start: Date) {
    this.#start = start;
  }

  of(probe: string, what: string, at: Date): Date {
    const known = this.#asked.get(probe);
    if (known?.what === what) return known.since;
    const since = known ? at : this.#start;
    this.#asked.set(probe, { what, since });
    return since;
  }
}
