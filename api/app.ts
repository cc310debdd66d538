/** The station's HTTP face: access, problems, routes, page. Wiring only. */
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import type { Logger } from 'pino';
import type { FilingTokens } from '../ingest/filing-token.ts';
import type { Store } from '../sql/store.ts';
import { storeAway } from '../sql/trouble.ts';
import { access } from './access.ts';
import type { EvidenceReader } from './evidence.ts';
import { COUNTIES } from './geometry.ts';
import { notFound, problemHandler } from './problem.ts';
import { challenges } from './routes/challenges.ts';
import { coverage } from './routes/coverage.ts';
import { evidence } from './routes/evidence.ts';
import { filings } from './routes/filings.ts';
import { library } from './routes/library.ts';
import { lines } from './routes/lines.ts';
import { measurements } from './routes/measurements.ts';
import { monthlyReports } from './routes/monthly-reports.ts';
import { overview } from './routes/overview.ts';
import { progress } from './routes/progress.ts';
import { quarantine } from './routes/quarantine.ts';
import { register } from './routes/register.ts';
import { samples } from './routes/samples.ts';
import { series } from './routes/series.ts';
import { standings } from './routes/standings.ts';

export interface AppOptions {
  /** What the station's health hangs on. */
  readonly store: Pick<Store, 'ping'>;
  readonly reader: EvidenceReader;
  readonly collector: Hono;
  readonly controller: Hono;
  /** Where carriers file. */
  readonly intake: Hono;
  /** By which carriers file, and speak of what is disputed. */
  readonly tokens: FilingTokens;
  readonly password: string | null;
  readonly software: string;
  readonly log: Logger;
}

/** Built by vite; see `web/`. */
const PAGE = new URL('../web/', import.meta.url).pathname;

export function app({
  store,
  reader,
  collector,
  controller,
  intake,
  tokens,
  password,
  software,
  log,
}: AppOptions): Hono {
  return new Hono()
    .use(
      secureHeaders({
        // Promised only once TLS is deliberate: it would lock readers out of a plain station.
        strictTransportSecurity: false,
        contentSecurityPolicy: { defaultSrc: ["'self'"] },
      }),
    )
    .use(access(password))
    .get('/healthz', async (context) => {
      if (!(await store.ping())) throw storeAway();
      return context.json({ status: 'ok', software });
    })
    .route('/', collector)
    .route('/', controller)
    .route('/', intake)
    .use(compress())
    .use('/v1/*', etag())
    .route('/', overview(reader, software))
    .route('/', coverage(reader))
    .route('/', evidence(reader))
    .route('/', filings(reader))
    .route('/', standings(reader))
    .route('/', challenges(reader, tokens, password))
    .route('/', progress(reader))
    .route('/', lines(reader))
    .route('/', series(reader))
    .route('/', measurements(reader))
    .route('/', samples(reader))
    .route('/', quarantine(reader))
    .route('/', register(reader))
    .route('/', library(reader))
    .route('/', monthlyReports(reader))
    .get('/v1/geometry/counties', (context) => context.json(COUNTIES))
    .get(
      '/*',
      serveStatic({
        root: PAGE,
        // Hashed names never change their content; the page that names them does.
        onFound: (path, context) =>
          context.header(
            'cache-control',
            path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
          ),
      }),
    )
    .notFound(notFound)
    .onError(problemHandler(log));
}
