/** The parts of a throughput run on real sockets: handshakes beside it, and the machine's own ceiling. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { median } from '../../probes/sample.ts';
import { Handshakes, monotonicMs } from '../../probes/transfer/handshakes.ts';
import { upload } from '../../probes/transfer/upload.ts';

const { signal } = new AbortController();

describe.each(['127.0.0.1', '::1'])('handshakes with %s', (address) => {
  let server: Server;
  let port: number;
  let handshakes: Handshakes | undefined;
  beforeAll(async () => {
    server = createServer((socket) => socket.on('error', () => {})).listen(0, address);
    await once(server, 'listening');
    ({ port } = server.address() as { port: number });
  });
  afterEach(() => handshakes?.close());
  afterAll(() => server.close());

  it('tells the round trips of a span of time, and stops', async () => {
    handshakes = new Handshakes({ address, port });
    await handshakes.until(3, 10_000, signal);
    const betweenMs = monotonicMs();
    await handshakes.until(6, 10_000, signal);
    await handshakes.stop(signal);
    const { count } = handshakes;
    const before = handshakes.rttsMs(0, betweenMs);
    const after = handshakes.rttsMs(betweenMs, monotonicMs());
    expect(before.length).toBeGreaterThanOrEqual(3);
    expect(after.length).toBeGreaterThanOrEqual(2);
    expect(before.length + after.length).toBe(count);
    expect(Math.min(...before, ...after)).toBeGreaterThan(0);
    await sleep(150);
    expect(handshakes.count).toBe(count);
  });

  it('is not held up by this thread', async () => {
    handshakes = new Handshakes({ address, port });
    await handshakes.until(1, 10_000, signal);
    const fromMs = monotonicMs();
    while (monotonicMs() - fromMs < 600);
    const toMs = monotonicMs();
    await handshakes.stop(signal);
    const rttsMs = handshakes.rttsMs(fromMs, toMs);
    expect(rttsMs.length).toBeGreaterThanOrEqual(5);
    // Those of an event loop that is held up would be spread evenly over what holds it up.
    expect(median(rttsMs)).toBeLessThan(150);
  });

  it('has no round trip where nobody listens, and does not wait for one', async () => {
    const closed = createServer().listen(0, address);
    await once(closed, 'listening');
    const { port: closedPort } = closed.address() as { port: number };
    closed.close();
    handshakes = new Handshakes({ address, port: closedPort });
    await handshakes.until(2, 10_000, signal);
    await handshakes.stop(signal);
    expect(handshakes.count).toBeGreaterThanOrEqual(2);
    expect(handshakes.rttsMs(0, monotonicMs())).toEqual([]);
  });

  it('ends with the reason of its signal', async () => {
    const control = new AbortController();
    const reason = new Error('the agent stops');
    handshakes = new Handshakes({ address, port });
    setTimeout(() => control.abort(reason), 20);
    await expect(handshakes.until(1_000, 60_000, control.signal)).rejects.toBe(reason);
  });
});

it('an upload count of more than was sent is no rate', async () => {
  const count = { elapsedMs: 1_100, totalB: 1e15, seriesB: Array(11).fill(1e14) };
  const liar = createHttpServer((request, response) => {
    request.resume();
    if (request.method === 'GET') response.end(JSON.stringify(count));
  });
  liar.listen(0, '127.0.0.1');
  await once(liar, 'listening');
  const { port } = liar.address() as { port: number };
  const transfer = {
    ...{ url: new URL(`http://127.0.0.1:${port}`), address: '127.0.0.1', port },
    ...{ connections: 4, mode: 'brief' as const, timeoutMs: 5_000, limitB: 1e12 },
  };
  const traffic = { payloadB: 0 };
  await expect(upload(transfer, traffic, signal)).rejects.toMatchObject({
    outcome: { status: 'failed', stage: 'body', code: 'malformed' },
  });
  // What was handed over may all have left.
  expect(traffic.payloadB).toBeGreaterThan(0);
  liar.closeAllConnections();
  liar.close();
});

describe('the local ceiling', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tongda-ceiling-'));
  const file = join(folder, 'ceiling.json');
  beforeAll(() => vi.stubEnv('CACHE_DIRECTORY', folder));
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  /** As a process that has just begun: it knows nothing. */
  const fresh = () => {
    vi.resetModules();
    return import('../../probes/transfer/ceiling.ts');
  };

  it('is measured once, and kept with its date for every process', async () => {
    const first = await (await fresh()).localCeiling(signal);
    expect(first).toMatchObject({
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      downBps: expect.any(Number),
      upBps: expect.any(Number),
    });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(first);
    // Not measured: no machine moves this.
    const kept = { ...first, downBps: 1e18, upBps: 4e18 };
    writeFileSync(file, JSON.stringify(kept));
    const ceiling = await fresh();
    const known = await ceiling.localCeiling(signal);
    expect(known).toEqual(kept);
    expect(known && ceiling.trustedBps(known)).toEqual({ down: 5e17, up: 2e18 });
    expect(await ceiling.isBeyondCeiling('down', 5e17, signal)).toBe(false);
  });

  it('is measured again before a rate is refused, and on another machine', async () => {
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...kept, downBps: 1, upBps: 1 }));
    const ceiling = await fresh();
    // It was busy then; it can do better.
    expect(await ceiling.isBeyondCeiling('up', 10, signal)).toBe(false);
    expect((await ceiling.localCeiling(signal))?.upBps).toBeGreaterThan(1e6);
    expect(await ceiling.isBeyondCeiling('up', 1e18, signal)).toBe(true);
    writeFileSync(file, JSON.stringify({ ...kept, machine: 'another' }));
    expect((await (await fresh()).localCeiling(signal))?.downBps).toBeLessThan(1e15);
  });
});
