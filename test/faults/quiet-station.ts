/** A real station without peer and probe of its own, probes enrolled with it, and reports sent to it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../api/contract/problem.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { type Acknowledgement, encodeReport } from '../../probes/report.ts';
import { isAlive, type ProcessIdentity } from '../../sql/directory-lock.ts';
import { attachEngine } from '../../sql/engine.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { silent } from '../integration/engine-fixture.ts';
import { eventually, tongda } from '../tongda.ts';

/** Settings of a station on `directory` that runs nothing but itself and its engine. */
export function quietStation(directory: string): Record<string, string> {
  const config = join(directory, 'tongda.yaml');
  writeFileSync(config, 'local: false\n');
  return { TONGDA_DATA: join(directory, 'data'), TONGDA_CONFIG: config };
}

/** Enrols a probe on a line of its own in Xuanwu, Nanjing; answers its token. */
export async function enrolProbe(settings: Record<string, string>, probe: string): Promise<string> {
  const place = ['--place', '320102002001', '--carrier', 'telecom', '--from', '2026-01-01'];
  const { stdout, stderr } = await tongda(
    ['probe', 'add', probe, '--line', probe, ...place, '--json'],
    settings,
  );
  if (!stdout) throw new Error(`the probe was not enrolled: ${stderr}`);
  return (JSON.parse(stdout) as { token: string }).token;
}

/** kill -9 to the station's engine, if it has one just now. */
export function killEngine({ TONGDA_DATA = '' }: Record<string, string>): void {
  try {
    const { process: engine } = JSON.parse(
      readFileSync(join(TONGDA_DATA, 'engine.json'), 'utf8'),
    ) as { process: ProcessIdentity };
    if (isAlive(engine)) process.kill(engine.pid, 'SIGKILL');
  } catch (error) {
    // It is away already.
    if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

export type Answer =
  | { readonly status: 200; readonly acknowledgement: Acknowledgement }
  | { readonly status: number; readonly retryAfter: string | null; readonly problem: Problem };

/** Sends a report of one probe; a connection that breaks rejects. */
export async function sendReport(
  station: string,
  token: string,
  measurements: readonly Measurement[],
): Promise<Answer> {
  const agentId = measurements[0]?.probe ?? 'nobody';
  const response = await fetch(`${station}/v1/reports`, {
    method: 'POST',
    body: encodeReport({ date: new Date().toISOString(), agentId }, measurements),
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
  });
  if (response.status === 200)
    return { status: 200, acknowledgement: (await response.json()) as Acknowledgement };
  const retryAfter = response.headers.get('retry-after');
  return { status: response.status, retryAfter, problem: (await response.json()) as Problem };
}

/** Asks the running station's own engine, which may just be coming back. */
export async function withEngine<T>(
  { TONGDA_DATA = '' }: Record<string, string>,
  ask: (store: Store) => Promise<T>,
): Promise<T> {
  const endpoint = await eventually(
    () => attachEngine(TONGDA_DATA),
    (found) => found !== null,
  );
  if (!endpoint) throw new Error('no engine');
  const store = await openStore({ ...endpoint, log: silent });
  try {
    return await ask(store);
  } finally {
    await store.close();
  }
}
