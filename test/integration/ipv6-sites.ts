/**
 * A child process of `ipv6-ladder.test.ts`, in a network namespace of its own: a small Internet of
 * web sites, each with its own trouble, and DNS servers for them; runs metrics against them, all
 * at once, and prints what they found.
 *
 * A site's addresses are 198.18.0.N and 2001:db8::N, N being its place in `SITES`, from 1.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import { metricNamed } from '../../probes/catalogue.ts';
import type { Finding } from '../../probes/metric.ts';
import { type DnsNames, startPeer } from '../../probes/peer/index.ts';
import type { Certificate } from '../certificates.ts';
import { startNameServer } from '../name-server.ts';
import type { Run } from './namespaced-metrics.ts';

export interface World {
  readonly runs: readonly Run[];
  readonly certificates: Readonly<Record<'good' | 'expired' | 'unknown', Certificate>>;
}

type Content = string | RequestListener;

/** What a site serves at its port 80, by family; undefined for nobody there. */
interface Site {
  readonly 6?: Content;
  readonly 4?: Content;
}

const PAGE = `<!doctype html><title>村务公开</title>${'<p>各村光纤通达情况一览表。'.repeat(200)}`;
const page = (links: string) => `${PAGE}${links}`;
const both = (content: Content): Site => ({ 6: content, 4: content });
const answer =
  (status: number, location?: string): RequestListener =>
  (_, response) => {
    response.writeHead(status, location === undefined ? {} : { location }).end();
  };
const DEAD_LINK = '/dead';

const LINKS = '<a href="/a">一</a> <a href=b#x>二</a> <a href="http://elsewhere.test/">外</a>';
const SUBDOMAIN =
  '<a href="http://sub.links.test/">子站</a><a href="/dead">无</a><a href="/c">三</a>';

/** Whose name, and what it serves. */
export const SITES: Readonly<Record<string, Site>> = {
  'whole.test': both(page(LINKS)),
  'four.test': { 4: PAGE },
  'silent.test': both(PAGE),
  'closed.test': { 4: PAGE },
  'broken.test': { 6: answer(503), 4: PAGE },
  'hole.test': both('大'.repeat(60_000)),
  'differs.test': { 6: '<h1>It works!</h1>', 4: PAGE },
  'links.test': both(page(SUBDOMAIN)),
  'quiet.test': both(PAGE),
  'away.test': {},
  'moved.test': both(answer(301, 'http://whole.test/')),
  'literal.test': both(answer(302, 'http://198.18.0.1/')),
  'inward.test': both(answer(302, 'http://[::1]:8080/')),
  'circle.test': both((request, response) => {
    response.writeHead(302, { location: request.url === '/' ? '/again' : '/' }).end();
  }),
  'endless.test': both((request, response) => {
    response.writeHead(302, { location: `/${Number(request.url?.slice(1) || 0) + 1}` }).end();
  }),
  'secure.test': both(PAGE),
  'expired.test': both(PAGE),
  'other.test': both(PAGE),
  'unknown.test': both(PAGE),
};

const names = Object.keys(SITES);
export const numberOf = (name: string) => names.indexOf(name) + 1;
const addressesOf = (name: string) => [`198.18.0.${numberOf(name)}`, `2001:db8::${numberOf(name)}`];
const WITHOUT_AAAA = new Set(['four.test']);

const listener =
  (content: Content): RequestListener =>
  (request, response) => {
    if (typeof content === 'function') return content(request, response);
    response.writeHead(request.url === DEAD_LINK ? 404 : 200, { 'content-type': 'text/html' });
    response.end(content);
  };

async function listening(server: Server, host: string, port: number) {
  server.listen({ host, port });
  await once(server, 'listening');
}

async function startSites({ certificates }: World): Promise<void> {
  const { good, expired, unknown } = certificates;
  const secured: Record<string, [Certificate, Certificate]> = {
    'secure.test': [good, good],
    'expired.test': [expired, good],
    // Of another name.
    'other.test': [good, good],
    'unknown.test': [unknown, unknown],
  };
  for (const [name, site] of Object.entries(SITES))
    for (const [index, family] of ([6, 4] as const).entries()) {
      const content = site[family];
      const host = addressesOf(name)[family === 6 ? 1 : 0] ?? '';
      if (content !== undefined) await listening(createServer(listener(content)), host, 80);
      const pair = secured[name]?.[index];
      if (content === undefined || pair === undefined) continue;
      const [key, cert] = [readFileSync(pair.key), readFileSync(pair.certificate)];
      await listening(createTlsServer({ key, cert }, listener(content)), host, 443);
    }
  // Of an age before the probe's: TLS 1.1, which its OpenSSL still has below security level 1.
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
  const [key, cert] = [readFileSync(good.key), readFileSync(good.certificate)];
  const ancient = createTlsServer({ ...old, key, cert });
  ancient.on('tlsClientError', () => {});
  await listening(ancient, '2001:db8::1', 4_443);
}

/** Name servers by zone: one that answers, one that does not, and those without an IPv6 address. */
const ZONES = {
  'whole.test': ['ns.whole.test', 'ns.quiet.test', 'ns.secure.test'],
  'quiet.test': ['ns.quiet.test'],
  'secure.test': ['ns.secure.test'],
  'four.test': ['ns.secure.test'],
};

async function startNames(): Promise<void> {
  const names = allNames();
  for (const host of ['127.0.0.1', '::1'])
    await startNameServer({ host, port: 53, names, zones: ZONES });
  const [, host = ''] = addressesOf('whole.test');
  await startNameServer({ host, port: 53, names, zones: ZONES, holds: ['whole.test'] });
}

function allNames(): DnsNames {
  return {
    ...Object.fromEntries(
      names.map((name) => [name, addressesOf(name).slice(0, WITHOUT_AAAA.has(name) ? 1 : 2)]),
    ),
    'ns.whole.test': addressesOf('whole.test'),
    'ns.quiet.test': addressesOf('quiet.test').slice(0, 1),
    // Nobody listens there.
    'ns.secure.test': addressesOf('secure.test'),
    'sub.links.test': addressesOf('links.test').slice(0, 1),
    'inside.test': ['10.1.2.3', 'fd00::1'],
    'ipv4only.arpa': ['192.0.0.170', '2001:db8:64::c000:aa'],
    'made-up.test': ['198.18.0.1', '2001:db8:64::c612:1'],
    'made-up-well-known.test': ['198.18.0.1', '64:ff9b::c612:1'],
  };
}

async function main(world: World): Promise<void> {
  await startSites(world);
  await startNames();
  await startPeer({
    hosts: ['::1'],
    httpPort: 8080,
    dnsPort: 0,
    limits: { requestsPerMinute: 10_000 },
  });
  const { signal } = new AbortController();
  const findings = await Promise.all(
    world.runs.map(async ({ metric: name, target, family, parameters = {} }): Promise<Finding> => {
      const metric = metricNamed(name);
      if (!metric) throw new Error(name);
      return metric.run(target, metric.parameters.parse(parameters), { family, signal });
    }),
  );
  process.stdout.write(JSON.stringify(findings), () => process.exit());
}

const [, , argument] = process.argv;
if (argument?.startsWith('{')) await main(JSON.parse(argument) as World);
