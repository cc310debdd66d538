/** What is asked of the log of challenges, by command or over HTTP: checked once, here. Pure. */
import { z } from 'zod';
import { Refusal } from '../ingest/refusal.ts';
import { nameSchema } from '../probes/measurement.ts';
import { STANDINGS } from './standing.ts';

const textSchema = z.string().trim().min(1).max(4_000);
const bySchema = z.string().trim().min(1).max(100);

/** Evidence by reference: measurements that the store has, and files of which the hash is kept. */
const evidenceShape = {
  measurements: z
    .array(
      z.strictObject({
        probe: nameSchema,
        sequence: z.int().nonnegative(),
        start: z.iso.datetime(),
      }),
    )
    .max(100)
    .default([]),
  files: z
    .array(
      z.strictObject({
        name: z
          .string()
          .min(1)
          .max(200)
          .regex(/^[^/\\\p{Cc}]+$/u, 'a name without folders'),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits, lower case'),
        sizeB: z.int().nonnegative(),
      }),
    )
    .max(100)
    .default([]),
};

const openingSchema = z.strictObject({
  month: z.string().max(20),
  target: z.string().max(80),
  place: z.string().max(40),
  carrier: z.string().max(80),
  /** Whose challenge it is; left out: of who writes it down. */
  party: z.string().max(80).optional(),
  by: bySchema,
  text: textSchema,
  ...evidenceShape,
});
export type Opening = z.infer<typeof openingSchema>;

const wordSchema = z.strictObject({
  kind: z.enum(['evidence', 'conceded', 'rebutted', 'upheld', 'dismissed', 'withdrawn']),
  party: z.string().max(80).optional(),
  by: bySchema,
  text: textSchema,
  ...evidenceShape,
  /** With `upheld`, either the standing that holds … */
  sets: z.enum(STANDINGS).optional(),
  /** … or lines whose evidence does not count. */
  setsAside: z.array(z.string().min(1).max(80)).max(1_000).default([]),
});
export type Word = z.infer<typeof wordSchema>;

/** @throws Refusal `challenge-malformed` */
export function openingOf(given: unknown): Opening {
  return parsed(openingSchema, given);
}

/** @throws Refusal `challenge-malformed`, `decision-incomplete`, `decision-unwanted`, `evidence-missing` */
export function wordOf(given: unknown): Word {
  const word = parsed(wordSchema, given);
  const { kind, sets, setsAside, measurements, files } = word;
  const decided = Number(sets !== undefined) + Number(setsAside.length > 0);
  if (kind === 'upheld' && decided !== 1)
    throw new Refusal(
      400,
      'decision-incomplete',
      '支持异议的决定须写明其一:认定的结论(sets),或不予采信的线路(setsAside)',
      'a decision that a challenge is right says one of two: the standing that holds (sets), or lines whose evidence does not count (setsAside)',
    );
  if (kind !== 'upheld' && decided > 0)
    throw new Refusal(
      400,
      'decision-unwanted',
      '只有支持异议的决定(upheld)才写认定的结论或不予采信的线路',
      'only a decision that a challenge is right (upheld) sets a standing or sets lines aside',
    );
  if (kind === 'evidence' && measurements.length + files.length === 0)
    throw new Refusal(
      400,
      'evidence-missing',
      '补充证据须至少给出一条测量记录或一个文件',
      'evidence is at least one measurement or one file',
    );
  return word;
}

function parsed<T>(schema: z.ZodType<T>, given: unknown): T {
  const found = schema.safeParse(given);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  const where =
    issue?.code === 'unrecognized_keys'
      ? [...issue.path, issue.keys[0] ?? '']
      : (issue?.path ?? []);
  const at = where.map(String).join('.').slice(0, 80);
  throw new Refusal(
    400,
    'challenge-malformed',
    `“${at}” 不合要求:${issue?.message}`,
    `"${at}" is not as it must be: ${issue?.message}`,
  );
}
