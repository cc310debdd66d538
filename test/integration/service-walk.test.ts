/**
 * Registered services become measurements by themselves: a file brought in by command, a real probe that
 * nobody gave a task, real names, ports and pages, and the figure at the end. The probe has a resolver of
 * its own, in a mount namespace; without the right to make one this skips.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvidencePage } from '../../api/contract/evidence.ts';
import type { MeasurementPage } from '../../api/contract/measurement.ts';
import type { Instruction } from '../../probes/instruction.ts';
import { type Peer, startPeer } from '../../probes/peer/index.ts';
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
const PLACE = '320102002001';
const settings = {
  TONGDA_DATA: join(directory.path, 'data'),
  TONGDA_CONFIG: join(directory.path, 'tongda.yaml'),
};
const may = spawnSync('unshare', ['--mount', 'true']).status === 0;
/** Of this process alone, as the port of names is always the same. */
const RESOLVER = `127.${64 + (process.pid % 64)}.${(process.pid >> 6) % 256}.53`;

let names: Peer;
let pages: Peer;
let station: RunningStation;
let probe: ChildProcess | undefined;
let token: string;

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tongda(args, settings);
  // Of a good import stderr shows how far it came.
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout;
}

const instruction = async () => {
  const response = await fetch(`${station.url}/v1/instruction`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as Instruction;
};

describe.skipIf(!may)(`services${may ? '' : ' (no mount namespaces)'}`, () => {
  beforeAll(async () => {
    names = await startPeer({
      ...{ hosts: [RESOLVER], httpPort: 0, dnsPort: 53 },
      dnsNames: { 'both.js.test': ['127.0.0.1', '::1'], 'old.js.test': ['127.0.0.1'] },
    });
    pages = await startPeer({ hosts: ['127.0.0.1', '::1'], httpPort: 0, dnsPort: 0 });
    writeFileSync(
      settings.TONGDA_CONFIG,
      // Every JSON is YAML.
      JSON.stringify({
        ...{ local: false, reportPeriodS: 1, instructionPeriodS: 1 },
        monthlyBudgetMiB: 500,
        services: { perProbe: 2, periodS: 1, allowPrivate: true },
      }),
    );
    station = await startStation(settings);
    const added = await run(
      ...['probe', 'add', 'xuanwu', '--line', 'xuanwu', '--place', PLACE],
      ...['--carrier', 'telecom', '--json'],
    );
    token = (JSON.parse(added) as { token: string }).token;
    writeFileSync(join(directory.path, 'resolv.conf'), `nameserver ${RESOLVER}\n`);
    const agent = [process.execPath, join(BUILD, 'probes/main.js'), 'run'];
    const options = ['--station', station.url, '--probe', 'xuanwu'];
    const spool = ['--spool', join(directory.path, 'spool')];
    const resolver = `mount --bind ${join(directory.path, 'resolv.conf')} /etc/resolv.conf`;
    probe = spawn(
      'unshare',
      ['--mount', 'sh', '-c', `${resolver} && exec "$@"`, 'sh', ...agent, ...options, ...spool],
      { env: { ...process.env, TONGDA_TOKEN: token }, stdio: 'ignore' },
    );
  });
  afterAll(async () => {
    if (probe) {
      const ended = once(probe, 'exit');
      probe.kill('SIGTERM');
      await ended;
    }
    await station?.stop();
    await pages?.close();
    await names?.close();
    directory.remove();
  });

  it('are walked from the instruction after they are brought in', async () => {
    const before = await instruction();
    expect(before.schedules).toEqual([]);
    expect(before.monthlyBudgetB).toBe(500 * 1024 * 1024);
    const page = (host: string) => `http://${host}:${pages.httpPort}/page?bytes=2000`;
    const row = (host: string, area: string) =>
      `${host},某局,agency,city,${area},${page(host)},4+6,,2020-01-01,,test`;
    const file = join(directory.path, 'services.csv');
    writeFileSync(
      file,
      [
        'name,holder,kind,level,area,url,families,lines,validFrom,validTo,source',
        row('both.js.test', '3201'),
        row('old.js.test', '3201'),
        // Of another city.
        row('wuxi.js.test', '3202'),
      ].join('\n'),
    );
    await run('library', 'import', 'services', file, '--by', 'wang');
    const walked = await eventually(instruction, ({ schedules }) => schedules.length > 0);
    expect(walked.schedules).toMatchObject([{ name: 'services', periodS: 1 }]);
    expect(walked.generation).toBeGreaterThan(before.generation);
    expect(walked.tasks.map(({ metric, family }) => `${metric} ${family}`)).toEqual(
      Array.from({ length: 2 }, () => [
        ...['dns-resolve 4', 'tcp-connect 6', 'http-fetch 6', 'http-fetch 4'],
        'ipv6-ladder 6',
      ]).flat(),
    );
  });

  it('that have IPv6 and that have not are told apart by the figure', async () => {
    const { items } = await eventually(
      () => getJson<EvidencePage>(`${station.url}/v1/evidence?target=ipv6-services&within=32`),
      ({ observed }) => observed === 2,
    );
    expect(items.map(({ subject, value, passed }) => [subject, value, passed])).toEqual([
      ['both.js.test', 1, true],
      ['old.js.test', 0, false],
    ]);
    // The ladder of a service is climbed last.
    const rows = await eventually(
      () => getJson<MeasurementPage>(`${station.url}/v1/measurements?limit=1000`),
      ({ items }) =>
        new Set(items.flatMap(({ metric, target }) => (metric === 'ipv6-ladder' ? [target] : [])))
          .size === 2,
    );
    const outcomes = new Set(
      // A slow machine misses a run now and then, and says so.
      rows.items
        .filter(({ outcome }) => outcome !== 'skipped')
        .map(({ target, metric, family, outcome, stage, code }) => {
          const host = /[a-z]+\.js\.test/.exec(target)?.[0];
          return [host, metric, family, outcome, stage, code].filter(Boolean).join(' ');
        }),
    );
    expect([...outcomes].sort()).toEqual([
      'both.js.test dns-resolve 4 ok',
      'both.js.test http-fetch 4 ok',
      'both.js.test http-fetch 6 ok',
      'both.js.test ipv6-ladder 6 ok',
      'both.js.test tcp-connect 6 ok',
      'old.js.test dns-resolve 4 failed answer no-aaaa',
      'old.js.test http-fetch 4 ok',
      'old.js.test http-fetch 6 failed dns no-aaaa',
      'old.js.test ipv6-ladder 6 failed dns no-aaaa',
      'old.js.test tcp-connect 6 failed dns no-aaaa',
    ]);
  });
});
