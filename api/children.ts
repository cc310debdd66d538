/**
 * The station's own peer and probe: real processes of the probe's own command line, so that a
 * newcomer sees real measurements at once. They end with the station, however it ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Logger } from 'pino';
import { z } from 'zod';
import { enrol, LOOPBACK, renewToken } from '../ingest/binding.ts';
import type { Programme } from '../ingest/controller.ts';
import { dayOf } from '../ingest/month.ts';
import { Refusal } from '../ingest/refusal.ts';
import type { Register } from '../ingest/register.ts';
import type { Store } from '../sql/store.ts';

const PROBE_CLI = new URL('../probes/main.js', import.meta.url).pathname;
const HOSTS = ['127.0.0.1', '::1'];
/** A name only the local peer's own DNS responder knows (RFC 6761 §6.2 reserves `.test`). */
const PEER_NAME = 'peer.tongda.test';
const STOP_MS = 3_000;

const LOCAL_PROBE = 'local';

export interface Child {
  /** Asks to stop, waits, and insists after {@link STOP_MS}. */
  stop(): Promise<void>;
}

export interface LocalPeer extends Child {
  readonly httpPort: number;
  readonly dnsPort: number;
  readonly stampPort: number;
}

const readySchema = z.object({
  httpPort: z.int().positive(),
  dnsPort: z.int().positive(),
  stampPort: z.int().positive(),
});

/** Starts a peer on both loopback addresses, on ports of its own choice. */
export async function startLocalPeer(log: Logger): Promise<LocalPeer> {
  const hosts = HOSTS.flatMap((host) => ['--host', host]);
  const records = ['--record', `${PEER_NAME}=127.0.0.1`, '--record', `${PEER_NAME}=::1`];
  const child = startChild(
    ['peer', ...hosts, '--port', '0', '--dns-port', '0', ...records, '--json'],
    {},
    log,
  );
  const lines = createInterface({ input: child.process.stdout as NodeJS.ReadableStream });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child.process, 'exit').then(() => ['']),
  ])) as [string];
  const ready = readySchema.safeParse(parseJson(line));
  if (!ready.success)
    throw new Refusal(
      500,
      'peer-failed',
      '本地测量对端没有启动,原因见上',
      'the local peer did not start; see above',
    );
  return { ...ready.data, stop: child.stop };
}

export interface LocalProbeOptions {
  readonly stationUrl: string;
  readonly data: string;
  readonly area: string;
  readonly store: Store;
  readonly register: Register;
  readonly now: Date;
  readonly log: Logger;
}

/** Enrols the station's own probe once, on a line that is never counted, and starts it. */
export async function startLocalProbe({
  stationUrl,
  data,
  area,
  store,
  register,
  now,
  log,
}: LocalProbeOptions): Promise<Child> {
  const folder = join(data, 'local-probe');
  const tokenFile = join(folder, 'token');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const enrolled = (await store.query('probe_tokens', {})).some(
    ({ probe }) => probe === LOCAL_PROBE,
  );
  if (enrolled && !existsSync(tokenFile)) {
    // A restored store knows the probe; its token stayed where the backup was made.
    const token = await renewToken(store, { probe: LOCAL_PROBE, line: LOCAL_PROBE }, now);
    await writeFile(tokenFile, token, { mode: 0o600 });
  }
  if (!enrolled) {
    const token = await enrol(
      store,
      register,
      {
        probe: LOCAL_PROBE,
        line: LOCAL_PROBE,
        place: area,
        carrier: LOOPBACK,
        technology: LOOPBACK,
        subscribedDownBps: null,
        subscribedUpBps: null,
        validFrom: dayOf(now),
      },
      now,
    );
    await writeFile(tokenFile, token, { mode: 0o600 });
  }
  const token = (await readFile(tokenFile, 'utf8')).trim();
  return startChild(
    ['run', '--station', stationUrl, '--probe', LOCAL_PROBE, '--spool', join(folder, 'spool')],
    { TONGDA_TOKEN: token },
    log,
  );
}

/** What the local probe is asked to do: every metric the local peer answers, over both families. */
export function localProgramme({
  httpPort,
  dnsPort,
  stampPort,
}: Omit<LocalPeer, keyof Child>): Programme {
  const ends = [
    { family: 4 as const, address: '127.0.0.1', host: '127.0.0.1' },
    { family: 6 as const, address: '::1', host: '[::1]' },
  ];
  const each = <T>(make: (end: (typeof ends)[number]) => T) => ends.map(make);
  return [
    {
      name: 'reach',
      periodS: 10,
      tasks: [
        ...each(({ family, address }) => ({
          name: `echo-v${family}`,
          metric: 'icmp-rtt',
          target: address,
          family,
          parameters: { count: 10, intervalMs: 100 },
        })),
        ...each(({ family, host }) => ({
          name: `connect-v${family}`,
          metric: 'tcp-connect',
          target: `${host}:${httpPort}`,
          family,
          parameters: {},
        })),
        ...each(({ family, address }) => ({
          name: `resolve-v${family}`,
          metric: 'dns-resolve',
          target: PEER_NAME,
          family,
          parameters: { server: address, port: dnsPort, type: family === 4 ? 'A' : 'AAAA' },
        })),
        ...each(({ family, host }) => ({
          name: `fetch-v${family}`,
          metric: 'http-fetch',
          target: `http://${host}:${httpPort}/page?bytes=200000`,
          family,
          parameters: {},
        })),
        ...each(({ family, host }) => ({
          name: `stamp-v${family}`,
          metric: 'stamp',
          target: `${host}:${stampPort}`,
          family,
          parameters: { count: 10, intervalMs: 100, statefulReflector: true },
        })),
      ],
    },
    {
      name: 'path',
      periodS: 60,
      tasks: [
        ...each(({ family, address }) => ({
          name: `path-v${family}`,
          metric: 'path',
          target: address,
          family,
          parameters: {},
        })),
        {
          name: 'ladder',
          metric: 'ipv6-ladder',
          target: `http://[::1]:${httpPort}/page?bytes=200000`,
          family: 6,
          parameters: {},
        },
      ],
    },
    {
      name: 'rate',
      periodS: 300,
      // Loopback is fast: the default limits of bytes would end the runs before they counted.
      tasks: [
        ...each(({ family, host }) => ({
          name: `download-v${family}`,
          metric: 'throughput',
          target: `http://${host}:${httpPort}`,
          family,
          parameters: { direction: 'down', mode: 'quick', limitB: 20_000_000_000 },
        })),
        ...each(({ family, host }) => ({
          name: `ndt7-download-v${family}`,
          metric: 'ndt7',
          target: `http://${host}:${httpPort}`,
          family,
          parameters: { direction: 'down', durationS: 1, limitB: 20_000_000_000 },
        })),
      ],
    },
  ];
}

function startChild(
  args: readonly string[],
  environment: Record<string, string>,
  log: Logger,
): Child & { process: ChildProcess } {
  const child = spawn(process.execPath, [PROBE_CLI, ...args, '--with-parent'], {
    // stdin is the child's tie to us: when it closes, whatever the reason, the child ends.
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
    // A Ctrl-C at the terminal is ours to handle: children are stopped in order, not all at once.
    detached: true,
  });
  const name = args[0];
  let stopping = false;
  child.on('exit', (code, signal) => {
    if (!stopping)
      log.error(
        { name, code, signal },
        `本地${name === 'peer' ? '对端' : '探针'}意外退出 · local ${name} ended by itself`,
      );
  });
  return {
    process: child,
    stop: async () => {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(insist);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
