/**
 * The peer's HTTP side.
 *
 * - `GET /` a small page, `GET /healthz`
 * - `GET /page?bytes=N` a page of that size
 * - `GET /down?seconds=N` or `?bytes=N` incompressible bytes
 * - `POST /up?test=ID` takes bytes, `GET /up?test=ID` tells what arrived (`UploadCount`); ID is 32 hex
 *   digits of the client's choosing
 * - what a LibreSpeed page asks for: see `librespeed.ts`
 *
 * 429: too many requests from this address. 503: no room now. Both with `Retry-After`.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { librespeed } from './librespeed.ts';
import { type PeerLimits, Places, type RateLimit } from './limits.ts';
import { writePayload } from './payload.ts';
import { Uploads } from './uploads.ts';

const HOME = `<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>通达测量对端 · tongda measurement peer</title>
<p>本机是宽带与 IPv6 测量的对端,只回应探针的测试。
<p lang="en">This host is the far end of broadband and IPv6 measurements and answers probes only.
`;

/** @param requests taken from by every request, of any kind */
export function httpListener(limits: PeerLimits, requests: RateLimit): RequestListener {
  const uploads = new Uploads(limits.uploads);
  const downloads = new Places(limits.downloads);
  const librespeedAt = librespeed(limits, downloads);

  async function sendDown(url: URL, response: ServerResponse): Promise<void> {
    const seconds = numberOf(url, 'seconds', 1, limits.testS) ?? limits.testS;
    const bytes = numberOf(url, 'bytes', 1, limits.testB) ?? limits.testB;
    if (Number.isNaN(seconds) || Number.isNaN(bytes)) return refuse(response, 400);
    const leave = downloads.take(response.socket?.remoteAddress ?? '');
    if (!leave) return refuse(response, 503);
    // A client that no longer reads holds its place no longer than one that does.
    const overdue = setTimeout(() => response.destroy(), (limits.testS + 1) * 1_000);
    const endMs = performance.now() + seconds * 1_000;
    try {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      await writePayload(response, bytes, () => performance.now() >= endMs);
      response.end();
    } finally {
      leave();
      clearTimeout(overdue);
    }
  }

  async function sendPage(url: URL, response: ServerResponse): Promise<void> {
    const bytes = numberOf(url, 'bytes', 1, limits.pageB) ?? 200_000;
    if (Number.isNaN(bytes)) return refuse(response, 400);
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': bytes,
    });
    await writePayload(response, bytes, () => false);
    response.end();
  }

  function upload(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const id = url.searchParams.get('test') ?? '';
    const answer = () => sendJson(response, uploads.count(id, performance.now()));
    if (!/^[0-9a-f]{32}$/.test(id)) refuse(response, 400);
    else if (!uploads.admit(id, performance.now())) refuse(response, 503);
    else if (request.method === 'GET') answer();
    else {
      const overdue = setTimeout(() => request.destroy(), limits.testS * 1_000);
      let receivedB = 0;
      request.on('data', (chunk: Buffer) => {
        receivedB += chunk.length;
        uploads.add(id, chunk.length, performance.now());
        if (receivedB > limits.testB) request.destroy();
      });
      request.on('end', answer);
      request.on('error', () => {});
      request.on('close', () => clearTimeout(overdue));
    }
  }

  return (request, response) => {
    response.on('error', () => {});
    if (!requests.take(request.socket.remoteAddress ?? '', performance.now()))
      return refuse(response, 429);
    const path = request.url ?? '/';
    if (!URL.canParse(path, 'http://peer')) return refuse(response, 400);
    const url = new URL(path, 'http://peer');
    if (url.pathname === '/up' && (request.method === 'POST' || request.method === 'GET'))
      return upload(url, request, response);
    const speedTest = librespeedAt(url.pathname);
    if (speedTest) return speedTest(url, request, response);
    if (request.method !== 'GET') return refuse(response, 405);
    if (url.pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(HOME);
    } else if (url.pathname === '/healthz') sendJson(response, { ok: true });
    else if (url.pathname === '/page') void sendPage(url, response);
    else if (url.pathname === '/down') void sendDown(url, response);
    else refuse(response, 404);
  };
}

/** A whole number in the query: undefined where absent, NaN where out of bounds. */
function numberOf(url: URL, name: string, least: number, most: number): number | undefined {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : Number.NaN;
}

const REFUSALS = {
  400: ['bad-request', '请求有误:请按说明填写参数', 'bad request: check the parameters'],
  404: ['not-found', '没有这个地址', 'there is nothing here'],
  405: ['method-not-allowed', '不支持该方法', 'this method is not supported'],
  429: ['too-many-requests', '该地址请求过多:请稍后再试', 'too many requests: try again later'],
  503: ['busy', '对端正忙:请稍后再试', 'the peer is busy: try again later'],
} as const;

/** The connection ends with the answer: what a refused client still sends is not read. */
function refuse(response: ServerResponse, status: keyof typeof REFUSALS): void {
  const [code, zh, en] = REFUSALS[status];
  response.shouldKeepAlive = false;
  if (status === 429 || status === 503) response.setHeader('retry-after', '10');
  sendJson(response, { code, zh, en }, status);
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
