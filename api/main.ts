#!/usr/bin/env -S node --max-semi-space-size=64
/** `tongda` as a process. */
import { complain } from './console.ts';
import { tongdaProgram } from './program.ts';

try {
  await tongdaProgram().parseAsync();
} catch (reason) {
  complain(reason);
  process.exit(1);
}
