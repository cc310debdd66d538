/** Reading query strings: each parameter checked once, here, and refused by name. */
import type { Context } from 'hono';
import { isMonth, monthOf } from '../../ingest/month.ts';
import { Refusal } from '../../ingest/refusal.ts';
import type { Level, Place, Register } from '../../ingest/register.ts';
import { LEVELS } from '../../ingest/register.ts';
import { Fault } from '../../probes/fault.ts';
import type { Plan, PlanTarget } from '../plan.ts';

export function monthOfRequest(context: Context, now: Date): string {
  const month = context.req.query('month') ?? monthOf(now);
  if (!isMonth(month)) throw malformed('month', month, 'YYYY-MM');
  return month;
}

/** A whole number within bounds. */
export function countOfRequest(
  context: Context,
  name: string,
  fallback: number,
  max: number,
): number {
  const text = context.req.query(name);
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= max)) throw malformed(name, text, `1…${max}`);
  return value;
}

export function placeOfRequest(context: Context, register: Register, fallback: string): Place {
  const code = context.req.query('within') ?? fallback;
  const place = register.find(code);
  if (!place)
    throw new Refusal(
      404,
      'place-unknown',
      `登记册中没有区划代码 ${code}`,
      `the register has no place with code ${code}`,
    );
  return place;
}

/** The code after which a page begins; '' for the first. */
export function codeCursorOfRequest(context: Context): string {
  const after = context.req.query('cursor') ?? '';
  if (!/^[\d-]{0,16}$/.test(after))
    throw malformed('cursor', after.slice(0, 40), 'the `next` of an earlier page');
  return after;
}

export function requireCarrier(code: string, { carriers }: Plan): string {
  const codes = carriers.map((carrier) => carrier.code);
  if (!codes.includes(code)) throw malformed('carrier', code.slice(0, 80), codes.join(' | '));
  return code;
}

/** What was received later is not looked at. */
export function receivedByOfRequest(context: Context, now: Date): Date {
  const text = context.req.query('receivedBy') ?? now.toISOString();
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) || Number.isNaN(Date.parse(text)))
    throw malformed('receivedBy', text.slice(0, 80), '2026-11-10T16:00:00Z');
  return new Date(text);
}

export function levelOfRequest(context: Context): Exclude<Level, 'hamlet'> {
  const level = context.req.query('level') ?? 'county';
  const known = LEVELS.filter((name) => name !== 'hamlet');
  const found = known.find((name) => name === level);
  if (!found) throw malformed('level', level, known.join(' | '));
  return found;
}

export function targetOfRequest(context: Context, targets: readonly PlanTarget[]): PlanTarget {
  const id = context.req.query('target') ?? targets[0]?.id;
  const target = targets.find((candidate) => candidate.id === id);
  if (!target) throw malformed('target', String(id), targets.map((known) => known.id).join(' | '));
  return target;
}

export function malformed(name: string, given: string, expected: string): Fault {
  return new Fault(
    'parameter-malformed',
    `参数 ${name}=${given} 不合要求,应为 ${expected}`,
    `parameter ${name}=${given} will not do; expected ${expected}`,
  );
}
