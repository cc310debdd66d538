/**
 * What the agent takes of a small box: memory, and CPU seconds an hour, while it follows a usual
 * programme (every minute and over both families: ICMP, TCP and a page; reported every minute).
 * The referee is a Node that does nothing, in the same minutes. CPU is read from the kernel over
 * `--minutes` (2 unless told), after the first runs are over, and multiplied up to an hour: no hour
 * is measured.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { encodeFrame } from '../../probes/segment.ts';
import { SPOOL_LIMIT_B, Spool } from '../../probes/spool.ts';
import { builtFile } from '../lab/built.ts';
import { aMeasurement } from '../measurement.ts';
import { type Bench, type BenchContext, median, type Ratio, ratioOf } from './bench.ts';

const MINUTES = 2;
const WARM_UP_MS = 15_000;
const SAMPLE_MS = 2_000;
/** USER_HZ of Linux: units of /proc/PID/stat. */
const TICKS_PER_S = 100;
/** As the spool's own. */
const SEGMENT_B = 256 * 1024;

export const footprintBench: Bench = {
  name: 'footprint',
  onlyWhenAsked: true,
  run: async ({ directory, progress, minutes = MINUTES }: BenchContext): Promise<Ratio[]> => {
    let reported = 0;
    const server = createServer((request, response) => {
      answer(request, response, (server.address() as AddressInfo).port)
        .then((count) => {
          reported += count;
        })
        .catch(() => response.destroy());
    });
    await new Promise<void>((done) => server.listen(0, '::', () => done()));
    const { port } = server.address() as AddressInfo;
    const children: ChildProcess[] = [];
    const start = (args: readonly string[]) => {
      const child = spawn(process.execPath, args, {
        stdio: 'ignore',
        env: { ...process.env, TONGDA_TOKEN: 'a-token-of-at-least-twenty-letters' },
      });
      children.push(child);
      return child.pid as number;
    };
    try {
      const agent = start([
        ...[builtFile('probes/main.js'), 'run', '--station', `http://127.0.0.1:${port}`],
        ...['--probe', 'footprint', '--spool', join(directory, 'spool')],
      ]);
      const nothing = start(['-e', 'setInterval(() => {}, 60_000)']);
      await sleep(WARM_UP_MS);
      const before = { agent: cpuS(agent), nothing: cpuS(nothing), reported };
      const begunMs = performance.now();
      const memory = { agent: [] as number[], nothing: [] as number[] };
      while (performance.now() - begunMs < minutes * 60_000) {
        await sleep(SAMPLE_MS);
        memory.agent.push(residentMiB(agent));
        memory.nothing.push(residentMiB(nothing));
      }
      const hours = (performance.now() - begunMs) / 3_600_000;
      progress(`${reported - before.reported} measurements reported in ${minutes} min`);
      const against = 'a Node that does nothing';
      return [
        await startWithFullSpool(join(directory, 'full')),
        ratioOf({
          what: 'resident memory of the agent, median',
          ours: median(memory.agent),
          referee: median(memory.nothing),
          against,
          unit: 'MiB',
        }),
        ratioOf({
          what: `CPU of the agent, extrapolated from ${minutes} min`,
          ours: (cpuS(agent) - before.agent) / hours,
          // Less than one tick cannot be read.
          referee: Math.max(cpuS(nothing) - before.nothing, 1 / TICKS_PER_S) / hours,
          against,
          unit: 's/h',
        }),
      ];
    } finally {
      for (const child of children) child.kill('SIGKILL');
      server.closeAllConnections();
      server.close();
    }
  },
};

/** A station that asks for the usual programme, and the page that is fetched; how many it was told. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
): Promise<number> {
  response.setHeader('tongda-time', new Date().toISOString());
  if (request.url === '/page') {
    response.end('x'.repeat(20_000));
    return 0;
  }
  if (request.url === '/v1/instruction') {
    const etag = '"1"';
    const known = request.headers['if-none-match'] === etag;
    response.writeHead(known ? 304 : 200, { etag });
    response.end(known ? '' : JSON.stringify(programme(port)));
    return 0;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [, ...lines] = gunzipSync(Buffer.concat(chunks)).toString().trimEnd().split('\n');
  const covers = lines
    .map((line) => (JSON.parse(line) as { sequence: number }).sequence)
    .map((sequence) => [sequence, sequence]);
  const acknowledgement = {
    version: 1,
    agentId: 'footprint',
    stationTime: new Date().toISOString(),
    stored: covers.length,
    quarantined: [],
    covers,
  };
  response.end(JSON.stringify(acknowledgement));
  return covers.length;
}

function programme(port: number): object {
  const tasks = ([4, 6] as const).flatMap((family) => {
    const address = family === 4 ? '127.0.0.1' : '::1';
    const host = family === 4 ? address : `[${address}]`;
    return [
      { name: `ping-${family}`, metric: 'icmp-rtt', target: address, family },
      { name: `connect-${family}`, metric: 'tcp-connect', target: `${host}:${port}`, family },
      {
        name: `page-${family}`,
        metric: 'http-fetch',
        target: `http://${host}:${port}/page`,
        family,
      },
    ];
  });
  return {
    version: 1,
    agentId: 'footprint',
    generation: 1,
    issued: '2026-11-24T00:00:00.000Z',
    tasks,
    schedules: tasks.map(({ name }) => ({ name, periodS: 60, tasks: [name] })),
    reportPeriodS: 60,
    instructionPeriodS: 60,
  };
}

/** How long the agent takes before it measures, with all it may hold; beside it, reading the bytes. */
async function startWithFullSpool(directory: string): Promise<Ratio> {
  mkdirSync(directory);
  const paths: string[] = [];
  for (let sequence = 1, sizeB = 0; sizeB < SPOOL_LIMIT_B; ) {
    const frames: Buffer[] = [];
    const path = join(directory, `${String(sequence).padStart(16, '0')}.segment`);
    for (let segmentB = 0; segmentB < SEGMENT_B; ) {
      const frame = encodeFrame(JSON.stringify(aMeasurement({ sequence })));
      frames.push(frame);
      sequence++;
      segmentB += frame.length;
    }
    const bytes = Buffer.concat(frames);
    writeFileSync(path, bytes);
    paths.push(path);
    sizeB += bytes.length;
  }
  const readMs = performance.now();
  for (const path of paths) readFileSync(path);
  const begunMs = performance.now();
  const spool = await Spool.open(directory);
  const openedMs = performance.now();
  await spool.close();
  return ratioOf({
    what: `start with a full spool of ${spool.pending} measurements`,
    ours: openedMs - begunMs,
    referee: begunMs - readMs,
    against: 'reading the files',
    unit: 'ms',
  });
}

/** User and system time so far, of all its threads. */
function cpuS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

function residentMiB(pid: number): number {
  const [, kib = ''] =
    /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
