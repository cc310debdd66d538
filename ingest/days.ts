/** Days as texts, `YYYY-MM-DD`, in the span a column of type Date holds. */
import { z } from 'zod';

/** Without an end; what a place or line is valid to until something becomes of it. */
export const FOREVER = '2149-06-06';
export const FIRST_DAY = '1970-01-01';

/** A day that there is, and that the store can hold. */
export const daySchema = z.iso.date().refine((day) => day >= FIRST_DAY && day <= FOREVER);

export function dayBefore(day: string): string {
  return moved(day, -1);
}

export function dayAfter(day: string): string {
  return moved(day, 1);
}

function moved(day: string, by: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
}
