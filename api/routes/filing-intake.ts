/**
 * `POST /v1/filings`: a carrier's own systems file by the carrier's token. What comes is bounded before it is
 * read and checked as the command checks it; one filing at a time.
 */
import { type Context, Hono } from 'hono';
import { file } from '../../ingest/filing-store.ts';
import { type FilingTokens, filingCarrier } from '../../ingest/filing-token.ts';
import type { Origin } from '../../ingest/import.ts';
import { Refusal } from '../../ingest/refusal.ts';
import type { Store } from '../../sql/store.ts';
import type { FilingReceipt, FilingRemarks } from '../contract/filing.ts';
import type { Plan } from '../plan.ts';
import { problem } from '../problem.ts';
import { WORKBOOK_TYPE } from '../workbook-file.ts';
import { malformed } from './request.ts';

export interface FilingIntakeOptions {
  readonly store: Store;
  readonly tokens: FilingTokens;
  readonly plan: Plan;
  readonly now: () => Date;
  /** The address a request came from. */
  readonly sourceOf: (context: Context) => string;
  /** Of a body; 16 MiB unless said otherwise. */
  readonly bodyMostB?: number;
}

export interface FilingIntake {
  readonly routes: Hono;
  /** Refuses filings from now on; resolves when those that had come are answered. */
  drain(): Promise<void>;
}

/** Beyond a sheet of every hamlet of a province, as CSV. */
const BODY_MOST_B = 16 * 1024 * 1024;
/** For a whole body. */
const BODY_MS = 120_000;

export function filingIntake(options: FilingIntakeOptions): FilingIntake {
  const { store, tokens, plan, now, sourceOf, bodyMostB = BODY_MOST_B } = options;
  const codes = plan.carriers.map(({ code }) => code);
  let stopping = false;
  /** Versions are numbered by those there are, so no two are looked at at once. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(() => {
      if (stopping) throw stoppingRefusal();
      return work();
    });
    last = done.catch(() => {});
    return done;
  };

  async function take(context: Context): Promise<Response> {
    if (stopping) throw stoppingRefusal();
    const holder = await filingCarrier(tokens, context.req.header('authorization'));
    const carrier = required(context, 'carrier');
    if (carrier !== holder)
      throw new Refusal(
        403,
        'carrier-forbidden',
        `此令牌属于 ${holder},不能替 ${carrier} 填报`,
        `this token is that of ${holder} and cannot file for ${carrier}`,
      );
    const month = required(context, 'month');
    const dryRun = dryRunOf(context);
    const by = `${holder} ${sourceOf(context)}`;
    const files = (await filesOf(context, bodyMostB)).map(
      (one): Origin => ({ ...one, by, note: '' }),
    );
    const filed = await inTurn(() => file(store, { carrier, month, files, dryRun }, codes, now()));
    const { version, import: name, rows, faults, faultCount, warnings, warningCount } = filed;
    const remarks: FilingRemarks = { rows, faults, faultCount, warnings, warningCount };
    if (faultCount > 0) return problem(context, refused(faultCount), remarks);
    const receipt: FilingReceipt = { month, carrier, version, import: name, ...remarks };
    return context.json(receipt, dryRun ? 200 : 201);
  }

  const routes = new Hono().post('/v1/filings', async (context) => {
    try {
      return await take(context);
    } catch (reason) {
      // What is left of a body nobody reads would hold the connection up.
      context.header('connection', 'close');
      throw reason;
    }
  });
  return {
    routes,
    drain: async () => {
      stopping = true;
      await last;
    },
  };
}

function required(context: Context, name: 'carrier' | 'month'): string {
  const given = context.req.query(name);
  if (given !== undefined) return given.slice(0, 80);
  throw malformed(name, '', name === 'month' ? 'YYYY-MM' : 'telecom');
}

function dryRunOf(context: Context): boolean {
  const given = context.req.query('dryRun') ?? 'false';
  if (given !== 'true' && given !== 'false')
    throw malformed('dryRun', given.slice(0, 40), 'true | false');
  return given === 'true';
}

type BroughtFile = Pick<Origin, 'file' | 'bytes'>;

/** The files of a body: itself, or those of a form. */
async function filesOf(context: Context, mostB: number): Promise<BroughtFile[]> {
  const header = context.req.header('content-type') ?? '';
  const type = header.split(';')[0]?.trim().toLowerCase() ?? '';
  const names: Readonly<Record<string, string>> = {
    'text/csv': 'filing.csv',
    [WORKBOOK_TYPE]: 'filing.xlsx',
    'multipart/form-data': '',
  };
  const name = names[type];
  if (name === undefined) throw typeUnknown(type);
  if ((context.req.header('content-encoding') ?? 'identity') !== 'identity') throw encoded();
  const bytes = await bodyOf(context, mostB);
  if (name !== '') return [{ file: name, bytes }];
  let form: FormData;
  try {
    form = await new Response(bytes, { headers: { 'content-type': header } }).formData();
  } catch {
    throw formMalformed();
  }
  const files: BroughtFile[] = [];
  for (const value of form.values()) {
    if (typeof value === 'string') throw formMalformed();
    files.push({ file: nameOf(value.name), bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return files;
}

/** Without folders, and with nothing that steers a terminal. */
function nameOf(given: string): string {
  const name = given.replace(/^.*[/\\]/s, '').replace(/\p{C}/gu, '');
  return name.slice(0, 200) || 'filing';
}

/** @throws Refusal `filing-too-large` (413), `filing-slow` (408), `filing-cut` (400) */
async function bodyOf(context: Context, mostB: number): Promise<Uint8Array<ArrayBuffer>> {
  const stated = Number(context.req.header('content-length') ?? 0);
  if (stated > mostB) throw tooLarge(mostB);
  const reader = context.req.raw.body?.getReader();
  const pieces: Uint8Array[] = [];
  let sizeB = 0;
  let slow = false;
  const timer = setTimeout(() => {
    slow = true;
    reader?.cancel().catch(() => {});
  }, BODY_MS);
  try {
    for (;;) {
      const next = await reader?.read();
      if (slow) throw tooSlow();
      if (!next || next.done) break;
      sizeB += next.value.byteLength;
      if (sizeB > mostB) throw tooLarge(mostB);
      pieces.push(next.value);
    }
  } catch (reason) {
    throw reason instanceof Refusal ? reason : cut();
  } finally {
    clearTimeout(timer);
  }
  const bytes = new Uint8Array(sizeB);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

function refused(faultCount: number): Refusal {
  return new Refusal(
    422,
    'filing-refused',
    `未入库:${faultCount} 处错误`,
    `nothing was stored: ${faultCount} faults`,
  );
}

function stoppingRefusal(): Refusal {
  return new Refusal(
    503,
    'stopping',
    '站点正在停止:请稍后重发',
    'the station is stopping: send again later',
    5,
  );
}

function typeUnknown(type: string): Refusal {
  return new Refusal(
    415,
    'content-type-unknown',
    `不接受 Content-Type ${type.slice(0, 80)}:请用 text/csv、${WORKBOOK_TYPE} 或 multipart/form-data`,
    `content type ${type.slice(0, 80)} is not taken: use text/csv, ${WORKBOOK_TYPE} or multipart/form-data`,
  );
}

function encoded(): Refusal {
  return new Refusal(
    415,
    'encoding-unknown',
    '填报不接受压缩的正文:请不压缩发送',
    'a filing is not taken compressed: send it as it is',
  );
}

function formMalformed(): Refusal {
  return new Refusal(
    400,
    'form-malformed',
    '表单不完整或含有文件以外的内容:只放一个或两个文件',
    'the form is cut short or holds something that is no file: put one or two files in it',
  );
}

function tooLarge(mostB: number): Refusal {
  return new Refusal(
    413,
    'filing-too-large',
    `填报超过 ${mostB} 字节:请删去无关内容`,
    `the filing is larger than ${mostB} bytes: take out what does not belong`,
  );
}

function tooSlow(): Refusal {
  return new Refusal(
    408,
    'filing-slow',
    '正文来得太慢,已放弃:请整份重发',
    'the body came too slowly and was given up: send it again as a whole',
  );
}

function cut(): Refusal {
  return new Refusal(
    400,
    'filing-cut',
    '正文没有收全:请整份重发',
    'the body ended early: send it again as a whole',
  );
}
