/** Builds a province of network namespaces, runs processes in it, and takes it all away again. */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { builtFile } from './built.ts';
import { LabError } from './fault.ts';
import { isAlive, livingRun, runName, runOf } from './run.ts';
import type { Site } from './sites.ts';
import {
  cables,
  coreOf,
  coreScript,
  delayArguments,
  HOST_CABLE_END,
  hostLinkOf,
  hostRoute,
  MAX_SLOTS,
  type Network,
  namespaceOf,
  serverAddresses,
  serverOf,
  serverScript,
  siteScript,
} from './wiring.ts';

/** A plain user's PATH, which `sudo -E` may keep, has no administrator's programs in it. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
const NAMESPACES = '/run/netns';
const PER_NAMESPACE_FILES = '/etc/netns';
/** What a process gets to end by itself before it is killed. */
const GRACE_MS = 5_000;

const PROGRAMS: readonly [program: string, flag: string, debianPackage: string][] = [
  ['ip', '-V', 'iproute2'],
  ['tc', '-V', 'iproute2'],
  ['nft', '-v', 'nftables'],
  ['iptables-restore', '-V', 'iptables'],
  ['ip6tables-restore', '-V', 'iptables'],
];

/** Why this machine cannot hold a province; null when it can. */
export function obstacle(): LabError | null {
  if (process.platform !== 'linux')
    return new LabError(
      'not-linux',
      '实验网只能在 Linux 上运行。',
      'The lab needs the network namespaces of Linux.',
    );
  if (process.getuid?.() !== 0)
    return new LabError(
      'not-root',
      '实验网要建立网络命名空间,请以 root 运行:sudo npm run lab。',
      'The lab makes network namespaces: run it as root, e.g. sudo npm run lab.',
    );
  const missing = PROGRAMS.filter(
    ([program, flag]) => spawnSync(program, [flag], { env: ENVIRONMENT }).error,
  );
  if (missing.length === 0) return null;
  const install = `apt-get install ${[...new Set(missing.map((entry) => entry[2]))].join(' ')}`;
  const names = missing.map(([program]) => program).join(', ');
  return new LabError(
    'program-missing',
    `缺少程序 ${names},请安装:${install}。`,
    `Not installed: ${names}; run: ${install}`,
  );
}

export interface Province {
  readonly sites: readonly Site[];
  readonly network: Network;
  readonly server: { 4: string; 6: string };
  /** For the files of what runs in it; removed with it. */
  readonly folder: string;
  /** Starts a process in the server's namespace (`null`) or a site's; it ends with the province. */
  start(site: Site | null, command: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Ends every process and removes every namespace, cable and file. */
  close(): Promise<void>;
}

/**
 * Builds the province and starts its delay. Whatever ends this process takes it away again, except
 * SIGKILL; then the next run does.
 * @throws LabError where `obstacle()` is not null or a step fails.
 */
export async function buildProvince(
  sites: readonly Site[],
  progress: (message: string) => void = () => {},
): Promise<Province> {
  const obstructed = obstacle();
  if (obstructed) throw obstructed;
  for (const run of leftovers()) {
    progress(`清理遗留 removing what a dead run left: ${run}`);
    demolish(run);
  }
  const self = livingRun(process.pid);
  if (!self) throw new LabError('no-proc', '无法读取 /proc。', '/proc cannot be read.');
  const run = runName(self);
  const atExit = () => demolish(run);
  process.on('exit', atExit);
  const children: ChildProcess[] = [];

  async function close(): Promise<void> {
    await Promise.all(children.toReversed().map(end));
    demolish(run);
    process.off('exit', atExit);
  }

  try {
    progress('建立命名空间 making namespaces');
    const network = await plugIntoHost(run);
    await feed('ip', ['-batch', '-'], cables(network, sites));
    await feed('ip', ['-batch', '-'], hostRoute(network));
    progress('配置地址、限速与故障 addresses, shapers, faults');
    await Promise.all([
      script(coreOf(network), coreScript(network, sites)),
      script(serverOf(network), serverScript(network)),
      ...sites.map((site) => script(namespaceOf(network, site), siteScript(site))),
    ]);
    const server = serverAddresses(network);
    for (const site of sites) {
      const folder = `${PER_NAMESPACE_FILES}/${namespaceOf(network, site)}`;
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${folder}/resolv.conf`, `nameserver ${server[4]}\n`);
    }
    progress('启动时延 starting the delay');
    children.push(await startDelay(network, sites));
    const start: Province['start'] = (site, command, options = {}) => {
      const namespace = site ? namespaceOf(network, site) : serverOf(network);
      const child = spawnIn(namespace, command, options);
      children.push(child);
      return child;
    };
    mkdirSync(folderOf(run), { mode: 0o700 });
    return { sites, network, server, folder: folderOf(run), start, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Makes the router, with its cable to the host; the cable's name is what reserves the slot. */
async function plugIntoHost(run: string): Promise<Network> {
  await feed('ip', ['-batch', '-'], `netns add ${coreOf({ run, slot: 0 })}`);
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    const network = { run, slot };
    const cable = `link add ${hostLinkOf(network)} type veth peer name ${HOST_CABLE_END} netns ${coreOf(network)}`;
    const { status, stderr } = spawnSync('ip', cable.split(' '), { env: ENVIRONMENT });
    if (status === 0) return network;
    if (!stderr.includes('File exists')) throw stepFailed(cable, stderr.toString());
  }
  throw new LabError('too-many-labs', '同时运行的实验网过多。', 'Too many labs run at once.');
}

function startDelay(network: Network, sites: readonly Site[]): Promise<ChildProcess> {
  const command = [process.execPath, builtFile('test/lab/delay.js'), ...delayArguments(sites)];
  const child = spawnIn(coreOf(network), command, { stdio: ['pipe', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk;
    });
    child.stdout?.once('data', () => resolve(child));
    child.once('error', reject);
    child.once('close', () => reject(stepFailed('delay', complaint)));
  });
}

/** `ip netns exec` becomes the command itself: the child's process id is the command's. */
function spawnIn(
  namespace: string,
  command: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  return spawn('ip', ['netns', 'exec', namespace, ...command], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'inherit'],
    // Out of the terminal's reach: Ctrl-C is for the lab, which ends its processes in order.
    detached: true,
    ...options,
  });
}

/** Runs a program on a text; rejects with its complaint. */
function feed(program: string, argv: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { env: ENVIRONMENT, stdio: ['pipe', 'ignore', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) =>
      status === 0 ? resolve() : reject(stepFailed([program, ...argv].join(' '), complaint)),
    );
    child.stdin.on('error', () => {}).end(input);
  });
}

function script(namespace: string, text: string): Promise<void> {
  return feed('ip', ['netns', 'exec', namespace, 'sh', '-e', '-s'], text);
}

function stepFailed(step: string, complaint: string): LabError {
  const why = complaint.trim();
  return new LabError(
    'step-failed',
    `实验网搭建失败:${step}:${why}`,
    `Step failed: ${step}: ${why}`,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  if (child.stdin) child.stdin.end();
  else child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await gone;
  clearTimeout(timer);
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Names of the runs whose process is gone but whose namespaces or files are not. */
function leftovers(): Set<string> {
  const found = [NAMESPACES, PER_NAMESPACE_FILES, tmpdir()].flatMap(entriesOf).map(runOf);
  return new Set(
    found
      .filter((run) => run !== null)
      .filter((run) => !isAlive(run))
      .map(runName),
  );
}

function folderOf(run: string): string {
  return `${tmpdir()}/${run}-files`;
}

/** Synchronous, so that it works while the process is exiting. */
function demolish(run: string): void {
  const own = entriesOf(NAMESPACES).filter((name) => name.startsWith(`${run}-`));
  for (const pid of processesIn(own)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself in the meantime.
    }
  }
  // The kernel clears namespaces away in its own time; the host should see no cable from now on.
  const core = coreOf({ run, slot: 0 });
  if (own.includes(core))
    spawnSync('ip', ['-n', core, 'link', 'del', HOST_CABLE_END], { env: ENVIRONMENT });
  spawnSync('ip', ['-force', '-batch', '-'], {
    env: ENVIRONMENT,
    input: own.map((name) => `netns del ${name}\n`).join(''),
  });
  for (const folder of [PER_NAMESPACE_FILES, tmpdir()])
    for (const name of entriesOf(folder).filter((entry) => entry.startsWith(`${run}-`)))
      rmSync(`${folder}/${name}`, { recursive: true, force: true });
}

/** Ids of the processes inside the given namespaces. */
function processesIn(own: readonly string[]): number[] {
  const inodes = new Set(own.map((name) => `net:[${statSync(`${NAMESPACES}/${name}`).ino}]`));
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return inodes.has(readlinkSync(`/proc/${pid}/ns/net`));
      } catch {
        return false;
      }
    })
    .map(Number);
}
