/** The engine dies, hangs or comes back broken: what the station says and does meanwhile. */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type KeptEngine, keepEngine } from '../../sql/engine-keeper.ts';
import { openStore } from '../../sql/store.ts';
import {
  type Answer,
  enrolProbe,
  killEngine,
  quietStation,
  sendReport,
  withEngine,
} from '../faults/quiet-station.ts';
import { aMeasurement } from '../measurement.ts';
import {
  eventually,
  type RunningStation,
  scratch,
  startStation,
  tongdaProcess,
} from '../tongda.ts';
import { removeDirectory, silent, temporaryDirectory } from './engine-fixture.ts';

describe('a kept engine', () => {
  const directory = temporaryDirectory();
  let kept: KeptEngine | null = null;
  afterEach(async () => {
    await kept?.stop();
    kept = null;
  });
  afterAll(() => removeDirectory(directory));

  const keep = async () => {
    kept = await keepEngine({ directory, log: silent, watchMs: 50, patienceMs: 500 });
    const store = await openStore({ ...kept, log: silent });
    return { kept, store, pid: kept.pid as number };
  };
  const back = (engine: KeptEngine, pid: number) =>
    eventually(
      async () => engine.pid,
      (now) => now !== null && now !== pid,
    );

  it('that was killed comes back elsewhere with another password, and the store follows', async () => {
    const { kept, store, pid } = await keep();
    const before = kept.whereabouts();
    process.kill(pid, 'SIGKILL');
    await eventually(store.ping.bind(store), (answers) => !answers);
    await back(kept, pid);
    expect(kept.whereabouts()?.password).not.toBe(before?.password);
    expect(await store.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await store.close();
  });

  it('that hangs is ended and started again', async () => {
    const { kept, store, pid } = await keep();
    process.kill(pid, 'SIGSTOP');
    await back(kept, pid);
    expect(await store.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await store.close();
  });

  it('that is busy for long is left alone', async () => {
    const { kept, store, pid } = await keep();
    await store.read('SELECT sleepEachRow(1) FROM numbers(3) SETTINGS max_block_size = 1');
    expect(kept.pid).toBe(pid);
    await store.close();
  });

  it('is not started again while it is being stopped', async () => {
    const { kept, store, pid } = await keep();
    process.kill(pid, 'SIGKILL');
    await eventually(store.ping.bind(store), (answers) => !answers);
    await kept.stop();
    await sleep(500);
    expect(kept.pid).toBeNull();
    await store.close();
    const next = await keepEngine({ directory, log: silent });
    await next.stop();
  });
});

describe('a station whose engine', () => {
  const directory = scratch();
  const settings = quietStation(directory.path);
  let station: RunningStation;
  let token: string;
  afterAll(async () => {
    await station?.stop();
    directory.remove();
  });

  const health = async () => (await fetch(`${station.url}/healthz`)).status;
  const send = (first: number) =>
    sendReport(
      station.url,
      token,
      Array.from({ length: 20 }, (_, index) => aMeasurement({ sequence: first + index })),
    );

  it('dies says 503 until it is back, and loses and doubles nothing', async () => {
    station = await startStation(settings);
    token = await enrolProbe(settings, 'xuanwu-1');
    const acknowledged = new Set<number>();
    const refusals: Answer[] = [];
    let kills = 0;
    let healths = new Set<number>();
    const killing = (async () => {
      for (; kills < 3; kills++) {
        await sleep(150);
        killEngine(settings);
        healths = new Set([...healths, await eventually(health, (status) => status !== 200)]);
        await eventually(health, (status) => status === 200);
      }
    })();
    let over = false;
    void killing.finally(() => {
      over = true;
    });
    for (let first = 0; !over || acknowledged.size < first; ) {
      const answer = await send(first);
      if ('acknowledgement' in answer) {
        for (let index = 0; index < 20; index++) acknowledged.add(first + index);
        if (!over) first += 20;
      } else refusals.push(answer);
    }
    await killing;
    expect([...healths]).toEqual([503]);
    for (const refusal of refusals)
      expect(refusal).toMatchObject({
        status: 503,
        retryAfter: expect.stringMatching(/^\d+$/),
        problem: { code: 'store-away' },
      });
    const stored = await withEngine(settings, (store) =>
      store.read<{ sequence: number }>('SELECT sequence FROM measurement FINAL ORDER BY sequence'),
    );
    expect(stored.map(({ sequence }) => sequence)).toEqual([...acknowledged].sort((a, b) => a - b));
    expect(station.process.exitCode).toBeNull();
  });

  it('cannot be started for a while refuses by name, with a time to come back, and then serves again', async () => {
    // Where its users are to be written stands something else.
    const obstacle = join(settings.TONGDA_DATA ?? '', 'users.xml.draft');
    mkdirSync(obstacle);
    killEngine(settings);
    await eventually(health, (status) => status === 503);
    const measured = await fetch(`${station.url}/v1/measurements?limit=1`);
    expect(measured.status).toBe(503);
    expect(measured.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await measured.json()).toMatchObject({
      code: 'store-away',
      detail: expect.stringContaining('数据库'),
      detailEn: expect.stringContaining('try again later'),
    });
    expect(await send(100_000)).toMatchObject({
      status: 503,
      retryAfter: expect.stringMatching(/^\d+$/),
      problem: { code: 'store-away' },
    });
    rmdirSync(obstacle);
    await eventually(health, (status) => status === 200);
    expect((await send(100_000)).status).toBe(200);
  });

  it('comes back with a broken part ends the station, which then does not start either', async () => {
    await send(200_000);
    const path = await withEngine(settings, async (store) => {
      const [part] = await store.read<{ path: string }>(
        "SELECT path FROM system.parts WHERE table = 'measurement' AND active ORDER BY rows DESC LIMIT 1",
      );
      return part?.path ?? '';
    });
    rmSync(join(path, 'count.txt'));
    killEngine(settings);
    const { code, stderr } = await station.ended;
    expect(code).toBe(1);
    expect(stderr).toContain('[store-damaged]');

    const again = await tongdaProcess(['start'], { ...settings, TONGDA_PORT: '0' });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('[store-damaged]');
    expect(again.stderr).toContain('tongda.measurement/');
    expect(again.stderr).not.toMatch(/\n\s+at /);
  });
});
