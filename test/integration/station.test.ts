/** The whole way in one command: a station that measures itself, started as a newcomer would. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EditionRow } from '../../api/contract/edition.ts';
import type { Coverage } from '../../api/contract/figure.ts';
import type {
  LinePage,
  MeasurementPage,
  MeasurementSamples,
  Series,
} from '../../api/contract/measurement.ts';
import type { Problem } from '../../api/contract/problem.ts';
import type { Overview } from '../../api/contract/target.ts';
import { METRICS } from '../../probes/catalogue.ts';
import {
  eventually,
  getJson,
  type RunningStation,
  scratch,
  startStation,
  tongdaProcess,
} from '../tongda.ts';

const directory = scratch();
const data = { TONGDA_DATA: join(directory.path, 'data') };
let station: RunningStation;

beforeAll(async () => {
  station = await startStation(data);
});
afterAll(async () => {
  await station?.stop();
  directory.remove();
});

const measured = (query = '') =>
  getJson<MeasurementPage>(`${station.url}/v1/measurements?limit=1000${query}`);

describe('a station on a fresh directory', () => {
  it('serves', async () => {
    expect((await fetch(`${station.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(station.url)).text()).toContain('<!doctype html');
  });

  // Of a certificate and of the machine's own way to the world the local peer can say nothing.
  const LOCAL = METRICS.filter(({ name }) => name !== 'tls-handshake' && name !== 'ipv6-line');

  it('measures over both families by itself, with every metric its peer answers', async () => {
    const { items } = await eventually(measured, ({ items }) =>
      LOCAL.every(({ name: metric }) =>
        (metric === 'ipv6-ladder' ? [6] : [4, 6]).every((family) =>
          items.some(
            (item) => item.metric === metric && item.family === family && item.outcome !== 'failed',
          ),
        ),
      ),
    );
    for (const item of items) {
      expect(item).toMatchObject({
        probe: 'local',
        line: 'local',
        carrier: 'loopback',
        place: '32',
      });
      if (item.address !== null) expect(item.address).toBe(item.family === 4 ? '127.0.0.1' : '::1');
    }
    const rates = items.filter(
      ({ metric, outcome }) => metric === 'throughput' && outcome === 'ok',
    );
    for (const { values } of rates) expect(values.rateDownBps).toBeGreaterThan(1e6);
  });

  it('counts none of it: a loopback proves nothing about the plan', async () => {
    const overview = await getJson<Overview>(`${station.url}/v1/overview`);
    expect(overview.counts.measurements).toBeGreaterThan(0);
    expect(overview.counts.linesRegistered).toBe(0);
    for (const { overall } of overview.targets) {
      expect(overall.figure).toMatchObject({ value: null, observed: 0, interval: null });
      if (overall.figure.subject === 'line') expect(overall.figure.registered).toBe(0);
      expect(overall.verdict).toBe('insufficient');
    }
    const coverage = await getJson<Coverage>(`${station.url}/v1/coverage?level=county`);
    expect(coverage.items).toHaveLength(104);
    expect(coverage.items.every(({ figure }) => figure.value === null)).toBe(true);
  });

  it('shows the line and its course', async () => {
    const { items } = await getJson<LinePage>(`${station.url}/v1/lines`);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ line: 'local', counted: false, ipv6: { condition: 'works' } });
    const series = await getJson<Series>(
      `${station.url}/v1/series?metric=tcp-connect&value=rttMedianMs&line=local&hours=1`,
    );
    for (const family of [4, 6] as const) {
      const band = series.families[family];
      expect(band?.median).toHaveLength(series.at.length);
      expect(band?.median.some((value) => value !== null && value > 0)).toBe(true);
    }
  });

  it('pages through every measurement once, in either order', async () => {
    const newest = (await measured()).items[0]?.received ?? '';
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const page = await getJson<MeasurementPage>(
          `${station.url}/v1/measurements?limit=7&order=${order}${cursor && `&cursor=${cursor}`}`,
        );
        seen.push(...page.items.filter(({ received }) => received <= newest).map(({ id }) => id));
        cursor = page.next ?? '';
      } while (cursor);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBeGreaterThanOrEqual(10);
    }
  });

  it('shows the hops of a path and the echoes of a run, and nothing of a row without', async () => {
    const { items } = await measured();
    const samplesOf = async (metric: string) => {
      const row = items.find((item) => item.metric === metric && item.outcome === 'ok');
      const { probe = '', sequence = 0, start = '' } = row ?? {};
      const question = new URLSearchParams({ probe, start, sequence: String(sequence) });
      const response = await fetch(`${station.url}/v1/samples?${question}`);
      return (await response.json()) as MeasurementSamples & { code?: string };
    };
    const path = await samplesOf('path');
    expect(path).toMatchObject({ metric: 'path', samples: [expect.any(Number)] });
    expect(['127.0.0.1', '::1']).toContain(path.hops[0]);
    const echoes = await samplesOf('icmp-rtt');
    expect(echoes.samples).toHaveLength(10);
    expect(echoes.hops).toEqual([]);
    expect((await samplesOf('http-fetch')).code).toBe('samples-unknown');
  });

  it('writes the monthly report beside the running station', async () => {
    const month = (await getJson<Overview>(`${station.url}/v1/overview`)).month;
    const { code, stdout, stderr } = await tongdaProcess(['report', month, '--json'], data);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const written = JSON.parse(stdout) as { status: string; files: string[] };
    expect(written.status).toBe('preliminary');
    expect(written.files.map((file) => file.split('.').at(-1))).toEqual([
      'html',
      'json',
      'csv',
      'csv',
    ]);
    expect(await getJson<EditionRow[]>(`${station.url}/v1/monthly-reports`)).toEqual([]);
  });

  it.each([
    ['/v1/coverage?month=2026-13', 400, 'parameter-malformed'],
    ['/v1/coverage?level=street', 400, 'parameter-malformed'],
    ['/v1/coverage?target=nothing', 400, 'parameter-malformed'],
    ['/v1/coverage?within=99', 404, 'place-unknown'],
    ['/v1/series?metric=nothing', 400, 'parameter-malformed'],
    ["/v1/series?within=3'%20OR%201", 404, 'place-unknown'],
    ['/v1/measurements?limit=0', 400, 'parameter-malformed'],
    ['/v1/measurements?cursor=x', 400, 'parameter-malformed'],
    ['/v1/monthly-reports/2026-10/1/report.html', 404, 'edition-unknown'],
    ['/v1/nothing', 404, 'not-found'],
    ['/v1/instruction', 401, 'token-missing'],
  ])('answers %s with a problem', async (path, status, code) => {
    const response = await fetch(`${station.url}${path}`);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ status, code });
    expect(problem.detail).not.toBe('');
    expect(problem.detailEn).not.toBe('');
  });

  it('answers to local names only', async () => {
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) =>
      request(`${station.url}/v1/overview`, { headers: { host: 'evil.example' } }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end(),
    );
    expect(status).toBe(421);
  });

  it('refuses a second station on its directory, and is not harmed', async () => {
    const second = await tongdaProcess(['start'], { ...data, TONGDA_PORT: '0' });
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('[data-directory-in-use]');
    expect((await fetch(`${station.url}/healthz`)).status).toBe(200);
  });

  it('stops on Ctrl-C and goes on with the data at the next start', async () => {
    const before = (await measured()).items.map(({ id }) => id);
    const { code, stderr } = await station.stop('SIGINT');
    expect(stderr).not.toMatch(/"level":50/);
    expect(code).toBe(0);
    station = await startStation(data);
    const { items } = await eventually(measured, ({ items }) => items.length > before.length);
    const after = new Set(items.map(({ id }) => id));
    if (items.length < 1000) expect(before.filter((id) => !after.has(id))).toEqual([]);
    expect(after.size).toBe(items.length);
  });
});

describe('a start that cannot be', () => {
  const other = scratch();
  afterAll(other.remove);
  const start = (settings: Record<string, string>) =>
    tongdaProcess(['start'], { TONGDA_DATA: join(other.path, 'data'), ...settings });

  it('a busy port is named', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await start({ TONGDA_PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(stderr).toContain('[port-busy]');
    expect(stderr).toContain(String(port));
  });

  it('beyond loopback without credentials is refused', async () => {
    const { code, stderr } = await start({ TONGDA_HOST: '0.0.0.0', TONGDA_PORT: '0' });
    expect(code).toBe(1);
    expect(stderr).toContain('[credentials-missing]');
  });

  it.each([
    ['an unknown key', 'colour: red\n', 'config-malformed', 'colour'],
    ['a wrong type', 'local: perhaps\n', 'config-malformed', 'local'],
    ['no mapping', '- 1\n', 'config-unreadable', ''],
    ['a plan that is not there', 'plan: nowhere.yaml\n', 'plan-missing', 'nowhere.yaml'],
  ])('%s in the configuration is refused', async (_, text, expected, word) => {
    mkdirSync(other.path, { recursive: true });
    const file = join(other.path, 'tongda.yaml');
    writeFileSync(file, text);
    const { code, stderr } = await start({ TONGDA_CONFIG: file, TONGDA_PORT: '0' });
    expect(code).toBe(1);
    expect(stderr).toContain(`[${expected}]`);
    expect(stderr).toContain(word);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
