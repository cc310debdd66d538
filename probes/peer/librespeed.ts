/**
 * The paths a LibreSpeed page asks its back end for, in their PHP and their Go spelling, so that a
 * page hosted by anyone can measure against this peer:
 *
 * - `garbage[.php]?ckSize=N` N MiB of incompressible bytes, 4 unless said, at most 1024
 * - `empty[.php]` takes what is posted, and is empty: latency and upload
 * - `getIP[.php]` the address of the client: plain text, or JSON with `?isp=…`
 *
 * With `?cors=true` a page of another origin may read the answers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { type PeerLimits, Places } from './limits.ts';
import { writePayload } from './payload.ts';

const MIB = 1 << 20;
const CHUNKS = { least: 1, usual: 4, most: 1_024 } as const;

type Handler = (url: URL, request: IncomingMessage, response: ServerResponse) => void;

/** @returns the handler of a path, undefined for what is none of LibreSpeed's */
export function librespeed(
  limits: PeerLimits,
  downloads: Places,
): (path: string) => Handler | undefined {
  const uploads = new Places(limits.downloads);

  /** A place for as long as the answer takes, at most as long as any test. */
  const held = (places: Places, request: IncomingMessage, response: ServerResponse): boolean => {
    const leave = places.take(request.socket.remoteAddress ?? '');
    if (!leave) {
      response.writeHead(503, { 'retry-after': '10', connection: 'close' }).end();
      return false;
    }
    const overdue = setTimeout(() => request.socket.destroy(), (limits.testS + 1) * 1_000);
    response.once('close', () => {
      leave();
      clearTimeout(overdue);
    });
    return true;
  };

  async function garbage(url: URL, request: IncomingMessage, response: ServerResponse) {
    const asked = Number(url.searchParams.get('ckSize') ?? CHUNKS.usual);
    const chunks = Number.isFinite(asked) ? Math.trunc(asked) : CHUNKS.usual;
    const bytes = Math.min(Math.max(chunks, CHUNKS.least), CHUNKS.most) * MIB;
    if (!held(downloads, request, response)) return;
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename=random.dat',
      'content-length': bytes,
    });
    const endMs = performance.now() + limits.testS * 1_000;
    const isOverdue = () => performance.now() >= endMs;
    await writePayload(response, bytes, isOverdue);
    // Cut short, it must not look whole, nor may the client wait for the rest.
    if (isOverdue()) response.destroy();
    else response.end();
  }

  function empty(_: URL, request: IncomingMessage, response: ServerResponse) {
    if (!held(uploads, request, response)) return;
    let receivedB = 0;
    request.on('data', (chunk: Buffer) => {
      receivedB += chunk.length;
      if (receivedB > limits.testB) request.destroy();
    });
    request.on('error', () => {});
    request.on('end', () => response.writeHead(200, { 'content-length': 0 }).end());
  }

  function getIp(url: URL, request: IncomingMessage, response: ServerResponse) {
    const address = request.socket.remoteAddress ?? '';
    const isJson = url.searchParams.has('isp');
    response.writeHead(200, {
      'content-type': isJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    });
    // Who the address belongs to is nothing a peer knows.
    response.end(isJson ? JSON.stringify({ processedString: address, rawIspInfo: '' }) : address);
  }

  const handlers = new Map<string, Handler>([
    ['garbage', (...all) => void garbage(...all)],
    ['empty', empty],
    ['getIP', getIp],
  ]);
  return (path) => {
    const name = /^\/(?:backend\/)?(\w+)(?:\.php)?$/.exec(path)?.[1] ?? '';
    const handler = handlers.get(name);
    if (!handler) return undefined;
    return (url, request, response) => {
      response.setHeader('cache-control', 'no-store, no-cache, max-age=0, no-transform');
      if (url.searchParams.has('cors')) {
        response.setHeader('access-control-allow-origin', '*');
        response.setHeader('access-control-allow-methods', 'GET, POST');
        response.setHeader('access-control-allow-headers', 'content-encoding, content-type');
      }
      // A browser's question whether it may (Fetch, CORS preflight).
      if (request.method === 'OPTIONS') response.writeHead(204).end();
      else if (request.method === 'GET' || request.method === 'POST')
        handler(url, request, response);
      else response.writeHead(405, { connection: 'close' }).end();
    };
  };
}
