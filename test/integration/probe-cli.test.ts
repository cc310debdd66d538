/** `tongda-probe` as it is installed: the build, in processes of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../probes/catalogue.ts';
import { type Measurement, measurementSchema } from '../../probes/measurement.ts';
import type { PeerPorts } from '../../probes/peer/index.ts';
import { tongdaProbe } from '../tongda.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const MAIN = join(ROOT, '.build/probes/main.js');
const TOKEN = 'a-token-of-at-least-twenty-letters';

const server = createServer((_, response) => response.end('ok'));
let port: number;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '::1', () => done()));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function started(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  children.push(child);
  return { child, closed: once(child, 'close') as Promise<[number | null, string | null]> };
}

function onlyMeasurement(stdout: string): Measurement {
  const lines = stdout.split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe('');
  return measurementSchema.parse(JSON.parse(lines[0] ?? ''));
}

describe('once', () => {
  it('prints exactly one measurement as JSON, the literal deciding the family', async () => {
    const { code, stdout, stderr } = await tongdaProbe([
      ...['once', 'tcp-connect', `[::1]:${port}`, '--param', 'count=2', '--json'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(onlyMeasurement(stdout)).toMatchObject({
      probe: 'once',
      sequence: 0,
      family: 6,
      address: '::1',
      outcome: { status: 'ok' },
      values: { attempts: 2, connected: 2 },
    });
  });

  it('ends with 1 where nobody answers, and never tries the other family', async () => {
    const { code, stdout } = await tongdaProbe([
      ...['once', 'tcp-connect', `127.0.0.1:${port}`, '--param', 'count=1', '--json'],
    ]);
    expect(code).toBe(1);
    expect(onlyMeasurement(stdout)).toMatchObject({
      family: 4,
      outcome: { status: 'failed', stage: 'connect', code: 'refused' },
    });
  });

  it('prints values with their units for people', async () => {
    const { code, stdout } = await tongdaProbe(['once', 'tcp-connect', `[::1]:${port}`]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/往返时延中位数\s+Median round-trip time\s+\d+\.\d{3} ms/);
    expect(stdout).toContain('测得 · measured');
  });

  it('measures the targets of a file: a line of JSON each, or one summary', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tongda-targets-'));
    const file = join(folder, 'targets.txt');
    writeFileSync(file, `# near\n[::1]:${port}\n\n[::1]:${port} # again\n127.0.0.1:${port}\n`);
    const once = ['once', 'tcp-connect', '--targets-file', file, '--param', 'count=1'];
    const lines = await tongdaProbe([...once, '--json']);
    const told = lines.stdout.trimEnd().split('\n');
    expect(told.map((line) => measurementSchema.parse(JSON.parse(line)))).toMatchObject([
      { sequence: 0, target: `[::1]:${port}`, outcome: { status: 'ok' } },
      { sequence: 1, target: `[::1]:${port}`, outcome: { status: 'ok' } },
      { sequence: 2, outcome: { status: 'skipped', reason: 'other-family' } },
    ]);
    expect(lines.code).toBe(3);
    const summed = await tongdaProbe(once);
    rmSync(folder, { recursive: true });
    expect(summed.stdout).toMatch(/3 个目标 · targets\n +2 {2}测得 · measured\n +1 {2}未测/);
    expect(summed.stdout).toMatch(/往返时延中位数\s+Median round-trip time\s+\d+\.\d{3} ms {2}p95/);
  });

  it.each([
    [['once', 'icmp-ping', '::1'], 'unknown-metric', METRICS.map(({ name }) => name).join(', ')],
    [['once', 'tcp-connect', '[::1]:1', '--family', '4'], 'family-mismatch', 'IPv6'],
    [['once', 'tcp-connect', 'a:1', '--family', '5'], 'wrong-usage', '4 | 6'],
    [['once', 'tcp-connect', 'a:1', '--param', 'count=x'], 'parameters-invalid', 'count'],
    [['once', 'tcp-connect'], 'targets-wanted', 'target'],
    [['once', 'tcp-connect', 'a:1', '--targets-file', '-'], 'targets-wanted', 'either'],
    [['once', 'tcp-connect', '--targets-file', '/nowhere'], 'targets-unreadable', 'ENOENT'],
    [['measure'], 'wrong-usage', 'measure'],
    [['run', '--probe', 'a'], 'config-invalid', '--station'],
  ])('%j is wrong usage: 2, one sentence in each language', async (args, code, part) => {
    const ended = await tongdaProbe(args);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    const [zh, en, ...rest] = ended.stderr.split('\n');
    expect(zh).toMatch(new RegExp(`^错误 \\[${code}\\] .*[\u4e00-\u9fff]`));
    expect(en).toMatch(new RegExp(`^error \\[${code}\\] `));
    expect(en).toContain(part);
    expect(rest).toEqual(['']);
  });

  it('says without the right to raw sockets that ICMP was not looked at: 3, and what to use', () => {
    const args = [MAIN, 'once', 'icmp-rtt', '::1', '--json'];
    const unprivileged = [
      '--reuid=65534',
      '--clear-groups',
      '--bounding-set=-all',
      '--inh-caps=-all',
    ];
    const ended =
      process.getuid?.() === 0
        ? spawnSync('setpriv', [...unprivileged, process.execPath, ...args], { encoding: 'utf8' })
        : spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(ended.status).toBe(3);
    expect(onlyMeasurement(ended.stdout).outcome).toEqual({
      status: 'skipped',
      reason: 'no-raw-socket',
    });
    expect(ended.stderr).toContain('tcp-connect');
  });
});

describe('the unit', () => {
  const unit = readFileSync(join(ROOT, 'probes/packaging/tongda-probe.service'), 'utf8');
  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

  it.skipIf(!hasSystemd)('is one that systemd understands, and little exposed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tongda-unit-'));
    const path = join(directory, 'tongda-probe.service');
    writeFileSync(path, unit);
    const analyze = (...args: string[]) =>
      spawnSync('systemd-analyze', [...args, path], { encoding: 'utf8' });
    const verified = analyze('verify');
    expect([verified.status, verified.stderr]).toEqual([0, '']);
    // In tenths: 20 is an exposure of 2.0 of 10.
    expect(analyze('security', '--offline=true', '--threshold=20').status).toBe(0);
    rmSync(directory, { recursive: true });
  });

  it.skipIf(process.getuid?.() !== 0)(
    'grants what ICMP needs: nobody, one ambient capability',
    () => {
      expect(unit).toContain('\nAmbientCapabilities=CAP_NET_RAW\n');
      const granted = [
        ...['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs'],
        ...[
          '--bounding-set=-all,+net_raw',
          '--inh-caps=-all,+net_raw',
          '--ambient-caps=-all,+net_raw',
        ],
      ];
      const args = [MAIN, 'once', 'icmp-rtt', '::1', '--param', 'count=2', '--json'];
      const ended = spawnSync('setpriv', [...granted, process.execPath, ...args], {
        encoding: 'utf8',
      });
      expect(ended.stderr).toBe('');
      expect(onlyMeasurement(ended.stdout)).toMatchObject({
        metric: 'icmp-rtt',
        outcome: { status: 'ok' },
        values: { packetsSent: 2, packetsReceived: 2 },
      });
    },
  );
});

describe('metrics, version, help', () => {
  it('lists the whole catalogue', async () => {
    const { stdout } = await tongdaProbe(['metrics', '--json']);
    expect(JSON.parse(stdout)).toMatchObject(
      METRICS.map(({ name, values }) => ({ name, values: values.map((value) => ({ ...value })) })),
    );
    const { stdout: text } = await tongdaProbe(['metrics']);
    for (const { name, values } of METRICS)
      for (const word of [name, ...values.map((value) => value.name)]) expect(text).toContain(word);
  });

  it('prints its version, and help with examples that are real commands', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect((await tongdaProbe(['--version'])).stdout).toBe(`${version}\n`);
    const { code, stdout } = await tongdaProbe(['--help']);
    expect(code).toBe(0);
    const examples = [...stdout.matchAll(/^ {2}tongda-probe (\w+)/gm)].map(([, name]) => name);
    expect(new Set(examples)).toEqual(
      new Set(['metrics', 'once', 'run', 'check', 'doctor', 'status', 'peer']),
    );
    for (const name of examples) expect((await tongdaProbe([name ?? '', '--help'])).code).toBe(0);
  });
});

describe('peer', () => {
  const ready = async (child: ChildProcess) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    const [line] = (await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(() => ['null']),
    ])) as [string];
    return JSON.parse(line) as PeerPorts;
  };

  it('says its ports on one line, serves both families, and ends when told to', async () => {
    const args = ['peer', '--host', '127.0.0.1', '--host', '::1', '--json'];
    const records = ['--record', 'peer.test=127.0.0.1', '--record', 'peer.test=::1'];
    const { child, closed } = started([...args, ...records]);
    const { httpPort, dnsPort, ...others } = await ready(child);
    expect(others).toEqual({ iperfPort: expect.any(Number), stampPort: expect.any(Number) });
    for (const [host, type, family] of [
      ['127.0.0.1', 'A', 4],
      ['[::1]', 'AAAA', 6],
    ] as const) {
      const page = await tongdaProbe([
        'once',
        'http-fetch',
        `http://${host}:${httpPort}/`,
        '--json',
      ]);
      expect(onlyMeasurement(page.stdout).address).toBe(host.replace(/[[\]]/g, ''));
      const dns = await tongdaProbe([
        ...['once', 'dns-resolve', 'peer.test', '--family', `${family}`, '--json'],
        ...['--param', `server=${host.replace(/[[\]]/g, '')}`, '--param', `port=${dnsPort}`],
        ...['--param', `type=${type}`],
      ]);
      expect(onlyMeasurement(dns.stdout).outcome, dns.stderr).toEqual({ status: 'ok' });
    }
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
  });

  it('ends with its parent', async () => {
    const { child, closed } = started(['peer', '--host', '::1', '--json', '--with-parent']);
    await ready(child);
    child.stdin?.end();
    expect(await closed).toEqual([0, null]);
  });
});

describe('run', () => {
  /** A station with one instruction, acknowledging everything; the answer are the measurements. */
  async function station() {
    const received: Measurement[] = [];
    const stub = createServer(async (request, response): Promise<unknown> => {
      const now = new Date().toISOString();
      if (request.url === '/v1/instruction')
        return response.end(
          JSON.stringify({
            version: 1,
            agentId: 'village-7',
            generation: 1,
            issued: now,
            tasks: [{ name: 'near', metric: 'tcp-connect', target: `[::1]:${port}`, family: 6 }],
            schedules: [{ name: 'often', periodS: 1, tasks: ['near'] }],
            reportPeriodS: 1,
            instructionPeriodS: 60,
          }),
        );
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const [, ...lines] = gunzipSync(Buffer.concat(chunks)).toString().trimEnd().split('\n');
      const measurements = lines.map((line) => measurementSchema.parse(JSON.parse(line)));
      received.push(...measurements);
      return response.end(
        JSON.stringify({
          version: 1,
          agentId: 'village-7',
          stationTime: now,
          stored: lines.length,
          quarantined: [],
          covers: measurements.map(({ sequence }) => [sequence, sequence]),
        }),
      );
    });
    await new Promise<void>((done) => stub.listen(0, '127.0.0.1', () => done()));
    const url = `http://127.0.0.1:${(stub.address() as AddressInfo).port}`;
    const close = () => {
      stub.closeAllConnections();
      stub.close();
    };
    return { url, received, close };
  }
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'tongda-cli-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('measures and reports by a configuration file, one process a spool, until SIGTERM', async () => {
    const { url, received, close } = await station();
    const config = join(directory, 'probe.yaml');
    writeFileSync(join(directory, 'token'), `${TOKEN}\n`);
    writeFileSync(config, `station: ${url}\nprobe: village-7\ntokenFile: token\nspool: spool\n`);
    const checked = await tongdaProbe(['check', config]);
    expect([checked.code, checked.stderr]).toEqual([0, '']);
    expect(checked.stdout).not.toContain(TOKEN);

    const { child, closed } = started(['run', '--config', config]);
    // On a busy machine a run may be missed, and is then reported as such.
    const measured = () => received.find(({ outcome }) => outcome.status === 'ok');
    while (!measured()) await new Promise((done) => setTimeout(done, 50));
    const second = await tongdaProbe(['run', '--config', config]);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`spool-locked] process ${child.pid} `);
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
    expect(measured()).toMatchObject({ probe: 'village-7', task: 'near', family: 6 });
    close();
  });

  it('takes the token from the environment, and ends with its parent', async () => {
    const { url, received, close } = await station();
    const args = ['run', '--station', url, '--probe', 'village-7', '--with-parent'];
    const spool = ['--spool', join(directory, 'other')];
    const { child, closed } = started([...args, ...spool], { TONGDA_TOKEN: TOKEN });
    while (received.length < 1) await new Promise((done) => setTimeout(done, 50));
    child.stdin?.end();
    expect(await closed).toEqual([0, null]);
    close();
  });

  it('names an unknown key of the configuration, with its line', async () => {
    const config = join(directory, 'faulty.yaml');
    writeFileSync(config, 'station: http://[::1]:1\nprobe: a\nspool: spool\nspoool: x\n');
    const { code, stderr } = await tongdaProbe(['check', config]);
    expect(code).toBe(2);
    expect(stderr).toContain('faulty.yaml:4');
    expect(stderr).toContain('there is no setting spoool');
  });
});

describe('an installation of the probe alone', () => {
  let home: string;
  let manifest: {
    readonly bin: Readonly<Record<string, string>>;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  beforeAll(() => {
    // What `npm run pack:probe` packs, with the modules it names but the native ones, where no
    // directory above holds modules that Node would find instead.
    const base = ['/var/tmp', homedir(), tmpdir()].find((path) => !modulesAbove(path)) ?? '/';
    home = mkdtempSync(join(base, 'tongda-alone-'));
    chmodSync(home, 0o755);
    const packed = spawnSync(process.execPath, ['.config/pack-probe.mjs'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const [, tarball = ''] = /^(\S+\.tgz) {2}\d+ KiB$/m.exec(packed.stdout) ?? [];
    expect(tarball, packed.stderr).not.toBe('');
    spawnSync('tar', ['-xzf', tarball, '-C', home, '--strip-components=1']);
    manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
    mkdirSync(join(home, 'node_modules'));
    for (const name of Object.keys(manifest.dependencies)) take(name);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  function modulesAbove(path: string): boolean {
    return existsSync(join(path, 'node_modules')) || (path !== '/' && modulesAbove(dirname(path)));
  }

  /** Copies a module and what it depends on: a symbolic link would lead back to all the others. */
  function take(name: string): void {
    const to = join(home, 'node_modules', name);
    if (existsSync(to)) return;
    const from = join(ROOT, 'node_modules', name);
    mkdirSync(join(to, '..'), { recursive: true });
    cpSync(from, to, { recursive: true });
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    for (const dependency of Object.keys(dependencies)) take(dependency);
  }

  const alone = (args: readonly string[]) =>
    spawnSync(process.execPath, [join(home, 'main.js'), ...args], { encoding: 'utf8' });

  it('has neither the engine nor net-ping, and measures', () => {
    for (const name of ['net-ping', 'raw-socket', '@chdb', 'ffi-rs', '@clickhouse', 'hono'])
      expect(existsSync(join(home, 'node_modules', name)), name).toBe(false);
    const ended = alone(['once', 'tcp-connect', '127.0.0.1:1', '--param', 'count=1', '--json']);
    expect([ended.status, ended.stderr]).toEqual([1, '']);
    expect(onlyMeasurement(ended.stdout).outcome).toMatchObject({ code: 'refused' });
  });

  it('names what it imports, the native modules as optional, and brings its unit', () => {
    expect(manifest.bin).toEqual({ 'tongda-probe': 'main.js' });
    expect(Object.keys(manifest.optionalDependencies)).toContain('net-ping');
    const named = [manifest.dependencies, manifest.optionalDependencies].flatMap(Object.keys);
    expect(named.filter((name) => /clickhouse|chdb|ffi-rs|hono|vite|preact/.test(name))).toEqual(
      [],
    );
    expect(readdirSync(join(home, 'packaging'))).toContain('tongda-probe.service');
  });

  it('says that ICMP was not looked at', () => {
    const ended = alone(['once', 'icmp-rtt', '::1', '--json']);
    expect(ended.status).toBe(3);
    expect(onlyMeasurement(ended.stdout).outcome.status).toBe('skipped');
  });

  it('is started by its name as a command', () => {
    const command = join(home, 'tongda-probe');
    symlinkSync(join(home, 'main.js'), command);
    chmodSync(join(home, 'main.js'), 0o755);
    const ended = spawnSync(command, ['--version'], { encoding: 'utf8' });
    expect(ended.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
