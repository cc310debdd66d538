/** What an operator asks of a probe: `doctor`, `status`, `check`, of the build as it is installed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verdict } from '../../probes/doctor/check.ts';
import type { Status } from '../../probes/status.ts';
import { builtFile } from '../lab/built.ts';
import { eventually, scratch, tongdaProbe } from '../tongda.ts';

const TOKEN = 'a-token-of-at-least-twenty-letters';
const { path: directory, remove } = scratch();
const config = join(directory, 'probe.yaml');
const spool = join(directory, 'spool');

/** A station three minutes ahead of us, that knows one token. */
let station: Server;
let takesReports = true;
beforeAll(async () => {
  station = createServer(async (request, response) => {
    response.setHeader('tongda-time', new Date(Date.now() + 180_000).toISOString());
    const known = request.headers.authorization === `Bearer ${TOKEN}`;
    if (!known) return void response.writeHead(401).end();
    const { port } = station.address() as AddressInfo;
    if (request.url === '/v1/instruction')
      return void response.end(
        JSON.stringify({
          version: 1,
          agentId: 'village-7',
          generation: 4,
          issued: '2026-11-24T00:00:00.000Z',
          tasks: [
            {
              name: 'near',
              metric: 'tcp-connect',
              target: `[::1]:${port}`,
              family: 6,
              parameters: { count: 1 },
            },
          ],
          schedules: [{ name: 'second', periodS: 1, tasks: ['near'] }],
          reportPeriodS: 1,
          instructionPeriodS: 60,
          monthlyBudgetB: 50 * 1024 * 1024,
        }),
      );
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (!takesReports) return void response.writeHead(503).end();
    const [, ...lines] = gunzipSync(Buffer.concat(chunks)).toString().trimEnd().split('\n');
    const covers = lines
      .map((line) => (JSON.parse(line) as { sequence: number }).sequence)
      .map((sequence) => [sequence, sequence]);
    response.end(
      JSON.stringify({
        version: 1,
        agentId: 'village-7',
        stationTime: new Date().toISOString(),
        stored: covers.length,
        quarantined: [],
        covers,
      }),
    );
  });
  await new Promise<void>((done) => station.listen(0, '::1', () => done()));
  const { port } = station.address() as AddressInfo;
  writeFileSync(join(directory, 'token'), TOKEN);
  writeFileSync(
    config,
    `station: http://[::1]:${port}\nprobe: village-7\ntokenFile: token\nspool: spool\nmonthlyBudgetMiB: 100\n`,
  );
});
afterAll(() => {
  station.closeAllConnections();
  station.close();
  remove();
});

const examined = async (file: string) => {
  const { code, stdout, stderr } = await tongdaProbe(['doctor', '--config', file, '--json'], {
    // Where it keeps what this machine can move, once measured.
    CACHE_DIRECTORY: directory,
  });
  expect(stderr).toBe('');
  const verdicts = JSON.parse(stdout) as Verdict[];
  return {
    code,
    of: (name: string) => verdicts.find((verdict) => verdict.name === name),
    verdicts,
  };
};

describe('doctor', () => {
  it('finds what is good, and a clock that is not, with a cure in both languages', async () => {
    const { code, of, verdicts } = await examined(config);
    const names = ['raw-socket', 'ipv4', 'ipv6', 'dns', 'station', 'clock', 'disk', 'ceiling'];
    expect(verdicts.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(of('station')?.health).toBe('good');
    expect(of('disk')).toMatchObject({ health: 'good', figures: { syncMs: expect.any(Number) } });
    expect(of('clock')).toMatchObject({ health: 'bad', figures: { offsetMs: expect.any(Number) } });
    expect(Math.abs(Number(of('clock')?.figures?.offsetMs) - 180_000)).toBeLessThan(2_000);
    for (const { health, found, cure } of verdicts) {
      if (health === 'bad' || health === 'warning') expect(cure).toBeDefined();
      for (const title of [found, ...(cure ? [cure] : [])]) {
        expect(title.zh).toMatch(/[\u4e00-\u9fff]/);
        expect(title.en).not.toMatch(/[\u4e00-\u9fff]/);
      }
    }
    expect(code).toBe(1);
    expect(readdirSync(directory)).not.toContain('spool');
  });

  it('finds a token the station does not know, a station that is not there, a disk that takes nothing', async () => {
    const faulty = join(directory, 'faulty.yaml');
    writeFileSync(join(directory, 'other-token'), `${TOKEN}-other`);
    writeFileSync(
      faulty,
      readFileSync(config, 'utf8')
        .replace('tokenFile: token', 'tokenFile: other-token')
        .replace('spool: spool', 'spool: /proc/none'),
    );
    const { code, of } = await examined(faulty);
    expect(code).toBe(1);
    expect(of('station')).toMatchObject({ health: 'bad', figures: { code: 'token-refused' } });
    expect(of('disk')).toMatchObject({ health: 'bad' });
    const localhost = 'station: http://localhost:1\nprobe: a\nspool: spool\ntokenFile: token\n';
    writeFileSync(faulty, localhost);
    const gone = await examined(faulty);
    expect(gone.of('station')?.figures).toEqual({ code: 'station-unreachable' });
    expect(gone.of('clock')?.health).toBe('unknown');
    expect(gone.of('dns')).toMatchObject({ health: 'good', figures: { asked: 'localhost' } });
  });

  it('names a configuration that is no good first, and looks at the machine all the same', async () => {
    const faulty = join(directory, 'faulty.yaml');
    writeFileSync(faulty, 'station: http://[::1]:1\nprobe: Village\nspool: spool\n');
    const { code, verdicts } = await examined(faulty);
    expect(verdicts[0]).toMatchObject({ name: 'config', health: 'bad' });
    expect(verdicts.length).toBeGreaterThan(4);
    expect(code).toBe(1);
  });
});

describe('status', () => {
  const ask = async () => {
    const { code, stdout } = await tongdaProbe(['status', '--config', config, '--json']);
    // Before the agent has made its directory there is nothing to see.
    return { code, status: JSON.parse(stdout || '{"running":false}') as Status };
  };

  it('is the agent’s own answer while it runs, and says what is stale when it does not', async () => {
    const child = spawn(
      process.execPath,
      [builtFile('probes/main.js'), 'run', '--config', config],
      {
        stdio: 'ignore',
      },
    );
    const closed = once(child, 'close');
    const { code, status } = await eventually(ask, ({ status }) =>
      Boolean(status.running && status.reported),
    );
    expect(code).toBe(0);
    expect(status).toMatchObject({
      running: true,
      pid: child.pid,
      probe: 'village-7',
      generation: 4,
      trouble: { instruction: null, report: null },
      budget: { limitB: 50 * 1024 * 1024 },
      spool: { losses: { damaged: 0 } },
    });
    expect(status.budget.chargedB).toBeGreaterThan(0);
    expect(status.next.second).toMatch(/Z$/);
    const { stdout } = await tongdaProbe(['status', '--spool', spool]);
    expect(stdout).toContain('running  village-7');
    expect(stdout).toMatch(/余 left \d/);

    takesReports = false;
    await eventually(ask, ({ status }) =>
      Boolean(status.running && status.trouble.report?.code === 'station-busy'),
    );
    await eventually(ask, ({ status }) => status.spool.pending > 0);
    child.kill('SIGKILL');
    await closed;
    const left = await ask();
    expect(left.code).toBe(3);
    expect(left.status).toMatchObject({ running: false, probe: 'village-7', generation: 4 });
    expect(left.status.spool.pending).toBeGreaterThan(0);
    expect(left.status.budget.chargedB).toBeGreaterThanOrEqual(status.budget.chargedB);
    const text = await tongdaProbe(['status', '--spool', spool]);
    expect(text.stdout).toContain('stale');
  });

  it('says what it cannot look at', async () => {
    const { code, stderr } = await tongdaProbe(['status', '--spool', join(directory, 'none')]);
    expect([code, stderr.includes('spool-unreadable')]).toEqual([2, true]);
  });

  it('takes for what it is a directory in which all is damaged', async () => {
    const broken = join(directory, 'broken');
    mkdirSync(broken);
    for (const name of ['mark', 'instruction.json', 'schedules.json', 'budget.json'])
      writeFileSync(join(broken, name), '\0{"version":');
    writeFileSync(join(broken, '0000000000000001.segment'), 'nothing');
    const { code, stdout } = await tongdaProbe(['status', '--spool', broken, '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      running: false,
      probe: null,
      spool: { pending: 0, losses: null },
      budget: { chargedB: 0 },
    });
  });
});

describe('check --schema', () => {
  it('is the shape of the file, with every key explained', async () => {
    const { code, stdout } = await tongdaProbe(['check', '--schema']);
    expect(code).toBe(0);
    const schema = JSON.parse(stdout) as { properties: Record<string, { description: string }> };
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ['station', 'probe', 'spool'],
    });
    for (const { description } of Object.values(schema.properties))
      expect(description).toMatch(/[\u4e00-\u9fff].* · [A-Za-z]/);
  });
});
