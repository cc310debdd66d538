/** Every check of the store, in the order they are made: what others stumble over comes first. */
import type { StoreCheck } from './check.ts';
import { counts } from './counts.ts';
import { detachedParts } from './detached-parts.ts';
import { integrity } from './integrity.ts';
import { register } from './register.ts';
import { retired } from './retired.ts';
import { rollups } from './rollups.ts';
import { schema } from './schema.ts';
import { sequences } from './sequences.ts';

export const CHECKS: readonly StoreCheck[] = [
  schema,
  detachedParts,
  integrity,
  counts,
  register,
  sequences,
  retired,
  rollups,
];
