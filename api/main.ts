#!/usr/bin/env node
/** `tongda` as a process. */
import { complain } from './console.ts';
import { tongdaProgram } from './program.ts';

try {
  await tongdaProgram().parseAsync();
} catch (reason) {
  complain(reason);
  process.exit(1);
}
