/**
 * The Collector (RFC 7594 §4.3): takes reports in, judges them line by line, and acknowledges what
 * is durable. `POST /v1/reports`, NDJSON as `probes/report.ts` says, plain, gzip or zstd.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import type { Acknowledgement } from '../probes/report.ts';
import { asIpv6, type Receipt } from './admission.ts';
import { authenticate, type EnrolledProbe, type ProbeDirectory } from './binding.ts';
import { BODY_LIMITS, type BodyLimits, contentOf } from './body.ts';
import { Budget } from './budget.ts';
import { distinctInstants } from './instants.ts';
import { Refusal } from './refusal.ts';
import { ReportReader } from './report-reader.ts';
import type { Writer } from './writer.ts';

export interface CollectorOptions {
  readonly directory: ProbeDirectory;
  readonly writer: Writer;
  readonly now: () => Date;
  /** The address a request came from. */
  readonly sourceOf: (context: Context) => string;
  readonly body?: BodyLimits;
  readonly budget?: Budget;
  /** The earliest start that is taken (`horizonOf`), ms; without it there is none. */
  readonly horizonMs?: (now: Date) => number;
}

export interface Collector {
  readonly routes: Hono;
  /** Refuses reports from now on, also those still coming in; resolves when the others are answered. */
  drain(): Promise<void>;
}

export function collector(options: CollectorOptions): Collector {
  const { directory, writer, now, sourceOf, body = BODY_LIMITS, budget = new Budget() } = options;
  const receivedAt = distinctInstants();
  const answering = new Set<Promise<unknown>>();
  /** Reports of the same content on their way at once are one. */
  const underway = new Map<string, Promise<Acknowledgement>>();
  const stop = new AbortController();

  async function take(context: Context, probe: EnrolledProbe): Promise<Acknowledgement> {
    const holding = budget.hold(probe.probe);
    try {
      const arrived = now();
      const receipt: Receipt = {
        probe,
        now: arrived,
        received: receivedAt(arrived),
        source: asIpv6(sourceOf(context)),
        horizonMs: options.horizonMs?.(arrived) ?? Number.NEGATIVE_INFINITY,
      };
      const report = new ReportReader(receipt);
      const encoding = context.req.header('content-encoding') ?? 'identity';
      const limits = { ...body, signal: stop.signal };
      for await (const piece of contentOf(bodyOf(context), encoding, limits)) {
        holding.grow(piece.length);
        report.push(piece);
      }
      const { intake, batch } = report.end();
      holding.become(intake.sizeB);
      const key = `${probe.probe} ${batch}`;
      const twin = underway.get(key);
      if (twin) return await twin;
      if (!writer.isLive(intake)) budget.boundBacklog(writer.backlogB + intake.sizeB);
      const answer = writer.write(intake).then(() => report.acknowledgement(batch, now()));
      underway.set(key, answer);
      try {
        return await answer;
      } finally {
        underway.delete(key);
      }
    } finally {
      holding.free();
    }
  }

  const routes = new Hono().post('/v1/reports', async (context) => {
    stop.signal.throwIfAborted();
    const probe = await authenticate(directory, context.req.header('authorization'));
    const taking = take(context, probe);
    answering.add(taking);
    try {
      const answer = await taking;
      context.header('tongda-time', answer.stationTime);
      return context.json(answer);
    } catch (reason) {
      // What is left of a body nobody reads would hold the connection up.
      if (reason instanceof Refusal) context.header('connection', 'close');
      throw reason;
    } finally {
      answering.delete(taking);
    }
  });

  return {
    routes,
    drain: async () => {
      stop.abort(stopping());
      while (answering.size > 0) await Promise.allSettled(answering);
    },
  };
}

/** The socket's own stream: a web stream around it costs more than all else of a small report. */
function bodyOf(context: Context): Readable {
  const incoming: IncomingMessage | undefined = context.env?.incoming;
  if (incoming) return incoming;
  const { body } = context.req.raw;
  return body
    ? Readable.fromWeb(body as import('node:stream/web').ReadableStream)
    : Readable.from([]);
}

function stopping(): Refusal {
  return new Refusal(
    503,
    'stopping',
    '站点正在停止:请稍后重发',
    'the station is stopping: send again later',
    5,
  );
}
