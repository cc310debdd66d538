/** A real embedded engine in a directory of its own, for one test file. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Pauses } from '../../sql/connection.ts';
import { type Engine, startEngine } from '../../sql/engine.ts';
import { migrate } from '../../sql/migrate.ts';
import { openStore, type Store } from '../../sql/store.ts';

export const silent = pino({ level: 'silent' });

/** As often as the house sends again, at a hundredth of its pauses. */
export const BRISK: Pauses = { insert: [1, 3, 9, 27], question: [1, 3, 9], never: [] };

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'tongda-test-'));
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

export interface TestStore {
  readonly directory: string;
  readonly engine: Engine;
  readonly store: Store;
  stop(): Promise<void>;
}

/** Engine, store and schema; `stop` leaves nothing behind. */
export async function startTestStore(): Promise<TestStore> {
  const directory = temporaryDirectory();
  const engine = await startEngine({ directory, log: silent });
  const store = await openStore({ ...engine, log: silent });
  await migrate(store);
  return {
    directory,
    engine,
    store,
    stop: async () => {
      await store.close();
      await engine.stop();
      removeDirectory(directory);
    },
  };
}
