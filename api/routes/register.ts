/**
 * `GET /v1/register/places/CODE` and `GET /v1/register/imports`: the register through time, and the
 * files it comes from. Read only: importing is a command, `tongda register import`.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { codeSchema } from '../../ingest/register.ts';
import { REGISTER_KINDS } from '../../ingest/register-import.ts';
import type { Store } from '../../sql/store.ts';
import type { ImportList } from '../contract/register.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeRecord } from '../place-record.ts';
import { malformed } from './request.ts';

const kindSchema = z.enum(['', ...REGISTER_KINDS]).default('');
const limitSchema = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 1_000)
  .default(100);

export function register(reader: EvidenceReader): Hono {
  return new Hono()
    .get('/v1/register/places/:code', async (context) => {
      const code = checked('code', codeSchema, context.req.param('code'), '320102002001(-001)');
      // To find what became of it is to go through every place.
      const shared: Pick<Store, 'query'> = { query: (name, params) => reader.ask(name, params) };
      return context.json(await placeRecord(shared, code));
    })
    .get('/v1/register/imports', async (context) => {
      const kinds = REGISTER_KINDS.join(' | ');
      const kind = checked('kind', kindSchema, context.req.query('kind'), kinds);
      const limit = checked('limit', limitSchema, context.req.query('limit'), '1…1000');
      const answer: ImportList = { items: await reader.store.query('imports', { kind, limit }) };
      return context.json(answer);
    });
}

function checked<Value>(
  name: string,
  schema: z.ZodType<Value>,
  given: string | undefined,
  expected: string,
): Value {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw malformed(name, (given ?? '').slice(0, 40), expected);
  return parsed.data;
}
