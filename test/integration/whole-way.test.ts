/**
 * One measurement's whole way: three real probes on three enrolled lines against a real peer, to
 * the verdict of a county and the sealed report of a month, and what late data make of that report.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EditionRow } from '../../api/contract/edition.ts';
import type { Coverage } from '../../api/contract/figure.ts';
import type { LinePage, MeasurementPage, Series } from '../../api/contract/measurement.ts';
import type { MonthlyReport } from '../../api/monthly.ts';
import { monthOf, monthSpan } from '../../ingest/month.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { type Peer, startPeer } from '../../probes/peer/index.ts';
import { encodeReport } from '../../probes/report.ts';
import { aMeasurement } from '../measurement.ts';
import {
  BUILD,
  eventually,
  getJson,
  type RunningStation,
  scratch,
  startStation,
  tongda,
} from '../tongda.ts';

const directory = scratch();
const settings = {
  TONGDA_DATA: join(directory.path, 'data'),
  TONGDA_CONFIG: join(directory.path, 'tongda.yaml'),
};
const lines = ['320102002001', '320102002002', '320102002005'].map((place, index) => ({
  place,
  name: `xuanwu-${index + 1}`,
  carrier: index === 0 ? 'mobile' : 'telecom',
}));
const now = new Date();
const thisMonth = monthOf(now);
const lastMonth = monthOf(new Date(monthSpan(thisMonth).start.getTime() - 1));
const probes: ChildProcess[] = [];
const tokens: Record<string, string> = {};
let peer: Peer;
let station: RunningStation;

beforeAll(async () => {
  peer = await startPeer({ hosts: ['127.0.0.1', '::1'], httpPort: 0, dnsPort: 0 });
  const task = (name: string, metric: string, target: string, parameters = {}) => ({
    name,
    metric,
    target,
    family: 6,
    parameters,
  });
  const at = `[::1]:${peer.httpPort}`;
  writeFileSync(
    settings.TONGDA_CONFIG,
    // Every JSON is YAML.
    JSON.stringify({
      local: false,
      reportPeriodS: 1,
      programme: [
        {
          name: 'reach',
          periodS: 2,
          tasks: [
            task('connect', 'tcp-connect', at, { count: 1 }),
            task('fetch', 'http-fetch', `http://${at}/page?bytes=200000`),
          ],
        },
      ],
    }),
  );
  station = await startStation(settings);
  for (const { name, place, carrier } of lines) {
    // The lines stood before this month: late reports of last month are theirs.
    const { stdout, stderr } = await tongda(
      [
        'probe',
        'add',
        name,
        '--line',
        name,
        '--place',
        place,
        '--carrier',
        carrier,
        '--from',
        `${lastMonth}-01`,
        '--json',
      ],
      settings,
    );
    expect(stderr).toBe('');
    tokens[name] = (JSON.parse(stdout) as { token: string }).token;
    probes.push(
      spawn(
        process.execPath,
        [
          join(BUILD, 'probes/main.js'),
          'run',
          '--station',
          station.url,
          '--probe',
          name,
          '--spool',
          join(directory.path, name),
        ],
        { env: { ...process.env, TONGDA_TOKEN: tokens[name] }, stdio: 'ignore' },
      ),
    );
  }
});

async function stopProbes(): Promise<void> {
  for (const probe of probes.splice(0)) {
    const ended = once(probe, 'exit');
    probe.kill('SIGTERM');
    await ended;
  }
}

afterAll(async () => {
  await stopProbes();
  await station?.stop();
  directory.remove();
});

const county = async (month: string) => {
  const { items } = await getJson<Coverage>(
    `${station.url}/v1/coverage?target=ipv6-network&month=${month}&within=320102&level=county`,
  );
  return items[0];
};

/** `passed` good and `failed` bad runs of both metrics on a line, in the middle of last month. */
async function reportLate(
  name: string,
  passed: number,
  failed: number,
  firstSequence: number,
): Promise<void> {
  const middle = monthSpan(lastMonth).start.getTime() + 10 * 86_400_000;
  const measurements = Array.from({ length: passed + failed }, (_, index) => index).flatMap(
    (index) =>
      (['tcp-connect', 'http-fetch'] as const).map(
        (metric, offset): Measurement =>
          aMeasurement({
            probe: name,
            sequence: firstSequence + 2 * index + offset,
            metric,
            method: `${metric}/1`,
            start: new Date(middle + index * 60_000).toISOString(),
            outcome:
              index < passed
                ? { status: 'ok' }
                : { status: 'failed', stage: 'connect', code: 'timeout' },
            values: {},
            clock: { synchronised: true, offsetMs: 0, uncertaintyMs: 5 },
          }),
      ),
  );
  const response = await fetch(`${station.url}/v1/reports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens[name]}` },
    body: encodeReport({ date: now.toISOString(), agentId: name }, measurements),
  });
  expect(await response.json()).toMatchObject({ stored: measurements.length, quarantined: [] });
}

async function report(month: string): Promise<{
  written: { edition: number; changed: boolean; files: string[] };
  document: MonthlyReport;
}> {
  const { code, stdout, stderr } = await tongda(['report', month, '--json'], settings);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const written = JSON.parse(stdout);
  const file = written.files.find((name: string) => name.endsWith('.json'));
  return { written, document: JSON.parse(readFileSync(file, 'utf8')) };
}

describe('from probe to verdict', () => {
  it('three real lines make the figure of their county, with n/N and interval', async () => {
    const figure = await eventually(
      () => county(thisMonth),
      (item) => item?.figure.observed === 3,
    );
    expect(figure).toMatchObject({
      area: { code: '320102', name: '玄武区' },
      figure: {
        value: 1,
        passed: 3,
        observed: 3,
        registered: 3,
        placesObserved: 3,
        method: 'ipv6-reach-lines/1',
      },
      // Three perfect lines are no proof of 95 %.
      verdict: 'undecided',
    });
    expect(figure?.figure.interval?.low).toBeCloseTo(0.4385, 3);
  });

  it('carriers are told apart, and every line says what its IPv6 is like', async () => {
    // Figures are rolled up in the background: what was read from the rows a moment ago may be seconds ahead.
    const telecom = await eventually(
      () =>
        getJson<Coverage>(
          `${station.url}/v1/coverage?target=ipv6-network&carrier=telecom&within=320102&level=county`,
        ),
      ({ items }) => items[0]?.figure.observed === 2,
    );
    expect(telecom.items[0]?.figure).toMatchObject({ observed: 2, registered: 2 });
    const { items } = await getJson<LinePage>(`${station.url}/v1/lines?within=320102`);
    expect(items.map(({ line, counted, ipv6 }) => [line, counted, ipv6.condition])).toEqual(
      lines.map(({ name }) => [name, true, 'works']),
    );
  });

  it('every figure leads to its rows', async () => {
    const { items } = await getJson<MeasurementPage>(
      `${station.url}/v1/measurements?within=320102002001&limit=1000`,
    );
    expect(items.length).toBeGreaterThan(0);
    for (const item of items)
      expect(item).toMatchObject({
        line: 'xuanwu-1',
        place: '320102002001',
        carrier: 'mobile',
        address: '::1',
        family: 6,
      });
  });

  it('a peer that is gone is a failure of the line, not of the probe', async () => {
    await peer.close();
    await eventually(
      () => getJson<MeasurementPage>(`${station.url}/v1/measurements?metric=tcp-connect&limit=1`),
      ({ items }) => items[0]?.outcome === 'failed' && items[0].code === 'refused',
    );
    await stopProbes();
  });

  it('a run that failed has no time: it is drawn as failed, never as 0', async () => {
    const series = await getJson<Series>(
      `${station.url}/v1/series?metric=tcp-connect&value=rttMedianMs&within=320102&hours=1`,
    );
    const band = series.families[6];
    expect(band?.failed.some((count) => count > 0)).toBe(true);
    const drawn = [band?.p10, band?.median, band?.p90].flatMap((values) => values ?? []);
    for (const value of drawn) if (value !== null) expect(value).toBeGreaterThan(0);
  });
});

describe('the month before', () => {
  it('is sealed as edition 1', async () => {
    for (const { name } of lines) await reportLate(name, 20, 0, 1_000);
    const { written, document } = await report(lastMonth);
    expect(written).toMatchObject({ edition: 1, changed: true });
    const target = document.targets.find(({ id }) => id === 'ipv6-network');
    expect(target?.overall.figure).toMatchObject({ passed: 3, observed: 3 });
    // Nobody filed, and no library was imported: both are said, neither is 0.
    expect(document.filings.items).not.toHaveLength(0);
    for (const { state, received } of document.filings.items)
      expect([state, received]).toEqual(['missing', null]);
    for (const share of Object.values(document.library.figures)) expect(share.value).toBeNull();
    expect(await getJson<EditionRow[]>(`${station.url}/v1/monthly-reports`)).toMatchObject([
      { month: lastMonth, edition: 1 },
    ]);
  });

  it('sealed again without new data stays edition 1, to the byte', async () => {
    const { written, document } = await report(lastMonth);
    expect(written).toMatchObject({ edition: 1, changed: false });
    const served = await fetch(`${station.url}/v1/monthly-reports/${lastMonth}/1/report.json`);
    expect(await served.json()).toEqual(document);
  });

  it('a resend changes nothing; late failures make edition 2 with the difference', async () => {
    await reportLate('xuanwu-1', 20, 0, 1_000);
    expect((await report(lastMonth)).written).toMatchObject({ edition: 1, changed: false });
    await reportLate('xuanwu-1', 0, 30, 5_000);
    const { written, document } = await report(lastMonth);
    expect(written).toMatchObject({ edition: 2, changed: true });
    expect(document.changes.map(({ area }) => area)).toEqual(['32', '3201', '320102']);
    // The page follows within seconds, from the rollups.
    const found = await eventually(
      () => county(lastMonth),
      (found) => found?.figure.passed === 2,
    );
    expect(found?.figure.observed).toBe(3);
    const html = await (
      await fetch(`${station.url}/v1/monthly-reports/${lastMonth}/2/report.html`)
    ).text();
    expect(html).toContain('第 2 版');
  });

  it('a month that has not begun or is none is refused', async () => {
    for (const [month, code] of [
      ['2199-01', 'month-future'],
      ['2026-13', 'month-malformed'],
    ] as const) {
      const ended = await tongda(['report', month], settings);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain(`[${code}]`);
    }
  });
});
