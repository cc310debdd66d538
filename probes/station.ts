/**
 * The station as the probe sees it: Controller and Collector over HTTP, outbound only. Family is
 * not pinned here: what carries the reports is not what is measured.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Agent, type Dispatcher, request } from 'undici';
import { betterTime, type Clock, type StationTime, stationTimeOf } from './clock.ts';
import { Fault } from './fault.ts';
import { type Acknowledgement, acknowledgementSchema } from './report.ts';
import { SOFTWARE } from './software.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** The collector answers only when what it was sent is durable. */
const HEADERS_TIMEOUT_MS = 60_000;
const BODY_TIMEOUT_MS = 30_000;
/** Of a whole exchange: an answer that trickles in keeps every other limit. */
const EXCHANGE_TIMEOUT_MS = 300_000;
const ANSWER_LIMIT_B = 4 * 1024 * 1024;

/** The station did not do what it was asked. `retryAfterS` where it said when to come back. */
export class StationFault extends Fault {
  readonly retryAfterS: number | undefined;

  constructor(code: string, zh: string, en: string, retryAfterS?: number) {
    super(code, zh, en);
    this.retryAfterS = retryAfterS;
  }
}

export class Station {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    maxResponseSize: ANSWER_LIMIT_B,
  });
  #time: StationTime | null = null;

  constructor(base: string, token: string, clock: Clock, limitMs = EXCHANGE_TIMEOUT_MS) {
    this.#base = base.replace(/\/+$/, '');
    this.#headers = { authorization: `Bearer ${token}`, 'user-agent': SOFTWARE };
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** The station's time, as well as any answer so far told it. */
  get time(): StationTime | null {
    return this.#time;
  }

  /**
   * Asks for the instruction; null when it is still the one of `etag`.
   *
   * @throws StationFault `token-refused`, `station-busy`, `station-refused`, `station-unreachable`
   */
  async instruction(
    etag: string | null,
    signal: AbortSignal,
  ): Promise<{ instruction: unknown; etag: string | null } | null> {
    const { status, headers, body } = await this.#send('/v1/instruction', {
      method: 'GET',
      headers: etag === null ? {} : { 'if-none-match': etag },
      signal,
    });
    if (status === 304) return null;
    const given = headers.etag;
    return { instruction: json(body), etag: typeof given === 'string' ? given : null };
  }

  /**
   * Hands over a report (NDJSON, sent compressed).
   *
   * @returns what is durable at the station
   * @throws StationFault as `instruction` does; then nothing is known to be durable
   */
  async report(ndjson: string, signal: AbortSignal): Promise<Acknowledgement> {
    const { body } = await this.#send('/v1/reports', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
      body: await promisify(gzip)(ndjson),
      signal,
    });
    const acknowledgement = acknowledgementSchema.safeParse(json(body));
    if (!acknowledgement.success) throw refusedBy('200', '不是回执', 'not an acknowledgement');
    return acknowledgement.data;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(
    path: string,
    options: {
      method: 'GET' | 'POST';
      headers: Record<string, string>;
      body?: Buffer;
      signal: AbortSignal;
    },
  ): Promise<{ status: number; headers: Dispatcher.ResponseData['headers']; body: string }> {
    const sentMs = this.#clock.monotonicMs();
    const limit = AbortSignal.timeout(this.#limitMs);
    let status: number;
    let headers: Dispatcher.ResponseData['headers'];
    let body: string;
    try {
      const answer = await request(`${this.#base}${path}`, {
        ...options,
        headers: { ...this.#headers, ...options.headers },
        signal: AbortSignal.any([options.signal, limit]),
        dispatcher: this.#agent,
      });
      const answeredMs = this.#clock.monotonicMs();
      status = answer.statusCode;
      headers = answer.headers;
      const told = stationTimeOf(`${headers['tongda-time']}`, sentMs, answeredMs);
      this.#time = betterTime(this.#time, told, answeredMs);
      body = await answer.body.text();
    } catch (error) {
      throw unreachable(this.#base, error, this.#clock.wallMs());
    }
    if (status === 200 || status === 304) return { status, headers, body };
    throw refusal(status, headers, body);
  }
}

/** The delay before the next attempt: doubling from 1 s to 5 min, with jitter, or what the station said. */
export function retryDelayMs(fault: unknown, failures: number, random: number): number {
  if (fault instanceof StationFault && fault.retryAfterS !== undefined)
    return Math.min(fault.retryAfterS, 3_600) * 1000 * (1 + random / 10);
  const slow = fault instanceof Fault && fault.code === 'token-refused';
  const fullMs = slow ? 300_000 : Math.min(300_000, 1000 * 2 ** Math.min(failures - 1, 20));
  return fullMs * (0.5 + random / 2);
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function refusal(
  status: number,
  headers: Dispatcher.ResponseData['headers'],
  body: string,
): StationFault {
  if (status === 401)
    return new StationFault(
      'token-refused',
      '站点不认本探针的令牌(401):请核对 --token-file,或在站点重新登记;测量照常进行并缓存',
      'the station does not know this token (401): check --token-file or enrol again; measuring goes on and is spooled',
    );
  if (status === 429 || status === 503)
    return new StationFault(
      'station-busy',
      `站点繁忙(${status}):稍后再试`,
      `the station is busy (${status}): trying again later`,
      retryAfterS(headers['retry-after']),
    );
  const problem = json(body) as { detail?: unknown; detailEn?: unknown } | null | undefined;
  const after = retryAfterS(headers['retry-after']);
  return refusedBy(`${status}`, problem?.detail, problem?.detailEn, after);
}

function refusedBy(status: string, zh: unknown, en: unknown, retryAfterS?: number): StationFault {
  return new StationFault(
    'station-refused',
    `站点未接受(${status}):${zh ?? '未说明原因'}`,
    `the station did not accept this (${status}): ${en ?? 'no reason given'}`,
    retryAfterS,
  );
}

/** Seconds; the date form of RFC 9110 §10.2.3 is not used, a probe's clock may be wrong. */
function retryAfterS(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

function unreachable(base: string, error: unknown, wallMs: number): StationFault {
  const { code, message } = error as NodeJS.ErrnoException;
  // An abort's code is a number of the DOM.
  const why = typeof code === 'string' ? code : message;
  if (why === 'CERT_NOT_YET_VALID' || why === 'CERT_HAS_EXPIRED') {
    const now = new Date(wallMs).toISOString();
    return new StationFault(
      'station-unreachable',
      `站点证书不在有效期内,本机时钟为 ${now}:请先校时,再查证书`,
      `the station's certificate is not valid now, by this machine's clock ${now}: set the clock, then check the certificate`,
    );
  }
  return new StationFault(
    'station-unreachable',
    `连不上站点 ${base}(${why}):测量照常进行并缓存,稍后重试`,
    `the station ${base} cannot be reached (${why}): measuring goes on and is spooled, trying again later`,
  );
}
