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

/** What every probe is asked to do: schedules with their tasks written out. */
export const programmeSchema = z.array(
  z.strictObject({
    name: nameSchema,
    periodS: z.number().min(1).max(31_536_000),
    tasks: z.array(taskSchema).min(1),
  }),
);
export type Programme = z.infer<typeof programmeSchema>;

export interface ControllerOptions {
  readonly directory: ProbeDirectory;
  readonly programme: Programme;
  readonly reportPeriodS: number;
  readonly instructionPeriodS: number;
  readonly now: () => Date;
}

export function controller({
  directory,
  programme,
  reportPeriodS,
  instructionPeriodS,
  now,
}: ControllerOptions): Hono {
  // The programme is fixed while the station runs, so its start time orders the generations.
  const issued = now();
  return new Hono().get('/v1/instruction', async (context) => {
    const { probe } = await authenticate(directory, context.req.header('authorization'));
    const instruction: Instruction = {
      version: INSTRUCTION_VERSION,
      agentId: probe,
      generation: Math.floor(issued.getTime() / 1000),
      issued: issued.toISOString(),
      tasks: programme.flatMap(({ tasks }) => tasks),
      schedules: programme.map(({ name, periodS, tasks }) => ({
        name,
        periodS,
        tasks: tasks.map((task) => task.name),
      })),
      suppressions: [],
      reportPeriodS,
      instructionPeriodS,
    };
    const etag = `"${createHash('sha256').update(JSON.stringify(instruction)).digest('base64url').slice(0, 22)}"`;
    context.header('tongda-time', now().toISOString());
    context.header('etag', etag);
    if (context.req.header('if-none-match') === etag) return context.body(null, 304);
    return context.json(instruction);
  });
}
