/** The real peer, station and probes, as processes in a province. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import type { StandingEvidence } from '../../api/contract/filing.ts';
import type { LinePage, LineRow } from '../../api/contract/measurement.ts';
import { monthOf } from '../../ingest/month.ts';
import { builtFile } from './built.ts';
import { planFor, sheetOf } from './claims.ts';
import { LabError } from './fault.ts';
import { PEER_NAME, type PeerAddress, programmeFor } from './programme.ts';
import type { Province } from './province.ts';
import type { Site } from './sites.ts';

const STATION_PORT = 8080;
const STATION_STARTS_WITHIN_MS = 60_000;
const REVIEWER = 'reviewer';

export interface Station {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** `GET /v1/lines` of the running month. */
  lines(): Promise<LineRow[]>;
  /** How what its carrier filed of a site's village stands in the running month. */
  standing(site: Site): Promise<StandingEvidence>;
}

const readySchema = z.object({
  httpPort: z.int().positive(),
  dnsPort: z.int().positive(),
  stampPort: z.int().positive(),
});
const filedSchema = z.object({ version: z.int().positive() });
const enrolledSchema = z.object({ probe: z.string(), token: z.string() });

/** Starts the far end of every measurement beside the station and waits until it listens. */
export async function startPeer(province: Province): Promise<PeerAddress> {
  const { server } = province;
  const peer = startTied(province, null, 'peer', {}, [
    'peer',
    ...['--host', server[4], '--host', server[6], '--port', '0', '--dns-port', '0'],
    ...['--record', `${PEER_NAME}=${server[4]}`, '--record', `${PEER_NAME}=${server[6]}`],
    '--json',
  ]);
  const ready = readySchema.parse(JSON.parse(await firstLine(province, peer, 'peer')));
  return { ...server, ...ready };
}

/** Starts the station with the lab's programme and waits until it is healthy. */
export async function startStation(province: Province, peer: PeerAddress): Promise<Station> {
  const password = randomBytes(15).toString('base64url');
  const plan = `${province.folder}/plan.yaml`;
  const builtIn = parse(readFileSync(builtFile('api/plans/jiangsu-2013.yaml'), 'utf8'));
  // Every JSON is YAML.
  writeFileSync(plan, JSON.stringify(planFor(builtIn)));
  const configuration = {
    plan,
    local: false,
    reportPeriodS: 5,
    instructionPeriodS: 30,
    programme: programmeFor(peer, province.sites.length),
  };
  writeFileSync(`${province.folder}/tongda.yaml`, JSON.stringify(configuration));
  const child = province.start(null, [process.execPath, builtFile('api/main.js'), 'start'], {
    env: { ...stationEnvironment(province), TONGDA_PASSWORD: password },
    stdio: ['ignore', 'ignore', logOf(province, 'station')],
  });
  const url = `http://${province.server[4]}:${STATION_PORT}`;
  const deadline = performance.now() + STATION_STARTS_WITHIN_MS;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || performance.now() > deadline) throw diedOf(province, 'station');
    await sleep(250);
  }
  const credentials = Buffer.from(`${REVIEWER}:${password}`).toString('base64');
  return {
    url,
    user: REVIEWER,
    password,
    lines: async () => (await ask<LinePage>('lines?limit=1000')).items,
    standing: ({ place, carrier }) =>
      ask<StandingEvidence>(`standings/${place}?target=fibre-villages&carrier=${carrier}`),
  };

  async function ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${url}/v1/${path}`, {
      headers: { authorization: `Basic ${credentials}` },
    });
    if (!answer.ok) throw diedOf(province, 'station', `GET /v1/${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }
}

/** Files what the carriers of the lab claim, each by the command and in a file of its own. */
export async function fileClaims(province: Province, station: Station): Promise<void> {
  const month = monthOf(new Date());
  for (const carrier of new Set(province.sites.map((site) => site.carrier))) {
    const sheet = `${province.folder}/${carrier}.csv`;
    writeFileSync(sheet, sheetOf(province.sites, carrier, month));
    const child = province.start(
      null,
      [
        ...[process.execPath, builtFile('api/main.js'), 'filing', 'import', sheet],
        ...['--carrier', carrier, '--month', month, '--by', 'lab', '--json'],
      ],
      {
        env: { ...stationEnvironment(province), TONGDA_PASSWORD: station.password },
        stdio: ['ignore', 'pipe', logOf(province, 'filing')],
      },
    );
    filedSchema.parse(JSON.parse(await firstLine(province, child, 'filing')));
  }
}

/** Enrols a site's line and its probe with the station; the token is the probe's. */
export async function enrol(province: Province, station: Station, site: Site): Promise<string> {
  const { name } = site;
  const child = province.start(
    null,
    [
      ...[process.execPath, builtFile('api/main.js'), 'probe', 'add', name, '--line', name],
      ...['--place', site.place, '--carrier', site.carrier, '--technology', 'ftth'],
      ...['--down-mbps', String(site.downBps / 1e6), '--up-mbps', String(site.upBps / 1e6)],
      '--json',
    ],
    {
      env: { ...stationEnvironment(province), TONGDA_PASSWORD: station.password },
      stdio: ['ignore', 'pipe', logOf(province, 'enrolment')],
    },
  );
  const line = await firstLine(province, child, 'enrolment');
  return enrolledSchema.parse(JSON.parse(line)).token;
}

/** Starts the probe at a site. */
export function startProbe(province: Province, station: Station, site: Site, token: string): void {
  const spool = `${province.folder}/${site.name}`;
  mkdirSync(spool);
  const child = startTied(province, site, site.name, { TONGDA_TOKEN: token }, [
    ...['run', '--station', station.url, '--probe', site.name, '--spool', spool],
  ]);
  child.stdout?.resume();
}

/** A command of `tongda-probe` that ends when the lab does, however that ends. */
function startTied(
  province: Province,
  site: Site | null,
  name: string,
  environment: Record<string, string>,
  argv: readonly string[],
): ChildProcess {
  const program = builtFile('probes/main.js');
  return province.start(site, [process.execPath, program, ...argv, '--with-parent'], {
    // What this machine can move is measured once for all probes, and the user's own file left alone.
    env: { ...process.env, CACHE_DIRECTORY: province.folder, ...environment },
    stdio: ['pipe', 'pipe', logOf(province, name)],
  });
}

function stationEnvironment(province: Province): NodeJS.ProcessEnv {
  return {
    ...process.env,
    TONGDA_DATA: `${province.folder}/data`,
    TONGDA_CONFIG: `${province.folder}/tongda.yaml`,
    TONGDA_HOST: province.server[4],
    TONGDA_PORT: String(STATION_PORT),
  };
}

async function firstLine(province: Province, child: ChildProcess, name: string): Promise<string> {
  if (!child.stdout) throw new TypeError('a child without output');
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, 'close').then(() => [null]);
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string | null];
  if (line === null) throw diedOf(province, name);
  // Nobody reads on, and a full pipe would stop the child.
  child.stdout.resume();
  return line;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

function logPath(province: Province, name: string): string {
  return `${province.folder}/${name}.log`;
}

function logOf(province: Province, name: string): number {
  return openSync(logPath(province, name), 'a');
}

function diedOf(province: Province, name: string, what = ''): LabError {
  const end = readFileSync(logPath(province, name), 'utf8').trim().split('\n').slice(-10);
  const words = [what, ...end].filter(Boolean).join('\n');
  return new LabError(
    'process-failed',
    `进程 ${name} 没有正常工作,它最后说:\n${words}`,
    `The process ${name} did not do its work; its last words are above.`,
  );
}
