/** The peer's ndt7 side, and what M-Lab's own client makes of it. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Peer, type PeerLimits, startPeer } from '../../probes/peer/index.ts';
import { NDT7_PROTOCOL } from '../../probes/transfer/ndt7-message.ts';
import { chance } from '../chance.ts';

const peers: Peer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer.close();
});
async function start(limits: Partial<PeerLimits> = {}): Promise<Peer> {
  const peer = await startPeer({ hosts: ['127.0.0.1', '::1'], httpPort: 0, dnsPort: 0, limits });
  peers.push(peer);
  return peer;
}

const require = createRequire(import.meta.url);

/** What the official client takes for a browser's Worker, and for the page it runs in. */
class PageWorker {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  readonly #worker: Worker;

  constructor(file: string) {
    const page = `
      const { parentPort } = require('node:worker_threads');
      globalThis.self = globalThis;
      globalThis.postMessage = (message) => parentPort.postMessage(message);
      globalThis.WebSocket = require(${JSON.stringify(require.resolve('undici'))}).WebSocket;
      require(${JSON.stringify(file)});
      parentPort.on('message', (data) => globalThis.onmessage({ data }));`;
    this.#worker = new Worker(page, { eval: true });
    this.#worker.on('message', (data) => this.onmessage?.({ data }));
    this.#worker.on('error', ({ message }) =>
      this.onmessage?.({ data: { MsgType: 'error', Error: message } }),
    );
  }

  postMessage(message: unknown): void {
    this.#worker.postMessage(message);
  }

  terminate(): void {
    void this.#worker.terminate();
  }
}

interface Complete {
  LastClientMeasurement?: { NumBytes: number; MeanClientMbps: number };
  LastServerMeasurement?: {
    AppInfo: { NumBytes: number; ElapsedTime: number };
    ConnectionInfo: { Client: string; Server: string };
    Origin: string;
    Test: string;
  };
}

/** The whole test of `@m-lab/ndt7`: its own ten seconds up, as long as the server sends down. */
async function officialClient(server: string) {
  const main = require.resolve('@m-lab/ndt7');
  const client = require(main) as { test: (config: object, callbacks: object) => Promise<number> };
  const found: { download?: Complete; upload?: Complete; errors: string[] } = { errors: [] };
  (globalThis as { Worker?: unknown }).Worker = PageWorker;
  const code = await client.test(
    {
      server,
      protocol: 'ws',
      mlabDataPolicyInapplicable: true,
      downloadworkerfile: join(dirname(main), 'ndt7-download-worker.js'),
      uploadworkerfile: join(dirname(main), 'ndt7-upload-worker.js'),
    },
    {
      error: (error: unknown) => found.errors.push(String(error)),
      downloadComplete: (complete: Complete) => {
        found.download = complete;
      },
      uploadComplete: (complete: Complete) => {
        found.upload = complete;
      },
    },
  );
  return { code, ...found };
}

describe('M-Lab’s own client', () => {
  it('completes, down and up, over IPv4 and IPv6, with measurements of both sides', async () => {
    const { httpPort } = await start({ ndt7S: 1 });
    const found = await Promise.all(
      [`127.0.0.1:${httpPort}`, `[::1]:${httpPort}`].map(officialClient),
    );
    for (const [index, { code, errors, download, upload }] of found.entries()) {
      expect([code, errors]).toEqual([0, []]);
      const local = index === 0 ? '127.0.0.1' : '[::1]';
      for (const [test, complete] of Object.entries({ download, upload })) {
        const said = complete?.LastServerMeasurement;
        expect(complete?.LastClientMeasurement?.NumBytes).toBeGreaterThan(100_000);
        expect(said).toMatchObject({ Origin: 'server', Test: test });
        expect(said?.AppInfo.NumBytes).toBeGreaterThan(100_000);
        expect(said?.ConnectionInfo.Server).toBe(`${local}:${httpPort}`);
      }
      // Microseconds.
      expect(download?.LastServerMeasurement?.AppInfo.ElapsedTime).toBeGreaterThan(900_000);
      // The server cannot have received what the client did not send; the client's last word is
      // older than the server's by at most what it keeps in hand, 64 MiB.
      expect(upload?.LastServerMeasurement?.AppInfo.NumBytes).toBeLessThanOrEqual(
        (upload?.LastClientMeasurement?.NumBytes ?? 0) * 1.002 + (1 << 26),
      );
    }
  });
});

describe('limits', () => {
  const url = ({ httpPort }: Peer, test: string) => `ws://[::1]:${httpPort}/ndt/v7/${test}`;
  const open = async (address: string) => {
    const webSocket = new WebSocket(address, NDT7_PROTOCOL, { perMessageDeflate: false });
    webSocket.on('error', () => {});
    await once(webSocket, 'open');
    return webSocket;
  };
  /** The status an upgrade is answered with. */
  const status = async (address: string, protocol = NDT7_PROTOCOL): Promise<number> => {
    const webSocket = new WebSocket(address, protocol);
    webSocket.on('error', () => {});
    return new Promise((resolve) => {
      webSocket.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
      webSocket.once('open', () => {
        resolve(101);
        webSocket.terminate();
      });
    });
  };

  it('turns away what is no ndt7', async () => {
    const peer = await start();
    expect(await status(url(peer, 'download'), 'chat')).toBe(400);
    expect(await status(url(peer, 'other'))).toBe(404);
    expect(await status(url(peer, 'download'))).toBe(101);
  });

  it('turns away a test too many with 503, and has room again when one ends', async () => {
    const peer = await start({ ndt7Tests: 1 });
    const first = await open(url(peer, 'upload'));
    expect(await status(url(peer, 'download'))).toBe(503);
    first.terminate();
    await expect.poll(() => status(url(peer, 'download')), { timeout: 5_000 }).toBe(101);
  });

  it('counts upgrades among the requests of an address', async () => {
    const peer = await start({ requestsPerMinute: 2 });
    const statuses = [];
    for (let index = 0; index < 3; index++) statuses.push(await status(url(peer, 'download')));
    expect(statuses).toEqual([101, 101, 429]);
  });

  it('ends a download at its limit of bytes', async () => {
    const peer = await start({ testB: 1_000_000 });
    const webSocket = await open(url(peer, 'download'));
    let receivedB = 0;
    webSocket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) receivedB += data.length;
    });
    const [code] = await once(webSocket, 'close');
    expect(code).toBe(1000);
    expect(receivedB).toBeGreaterThanOrEqual(1_000_000);
    expect(receivedB).toBeLessThan(1_200_000);
  });

  it('ends an upload at its limit of bytes, and at its limit of time', async () => {
    const many = await open(url(await start({ testB: 1_000_000 }), 'upload'));
    many.send(Buffer.alloc(2_000_000));
    expect((await once(many, 'close'))[0]).toBe(1008);
    const long = await open(url(await start({ testS: 1 }), 'upload'));
    expect((await once(long, 'close'))[0]).toBe(1008);
  });

  it('does not keep a client that reads nothing', async () => {
    const peer = await start({ testS: 1, ndt7Tests: 1 });
    const webSocket = await open(url(peer, 'download'));
    webSocket.pause();
    await expect.poll(() => status(url(peer, 'download')), { timeout: 10_000 }).toBe(101);
    webSocket.terminate();
  });

  it('lives through frames of any kind', async () => {
    const peer = await start();
    const { below } = chance(7);
    for (let round = 0; round < 20; round++) {
      const socket = connect(peer.httpPort, '::1');
      socket.on('error', () => {});
      const test = round % 2 ? 'upload' : 'download';
      socket.write(
        `GET /ndt/v7/${test} HTTP/1.1\r\nhost: peer\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
          `sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
          `sec-websocket-protocol: ${NDT7_PROTOCOL}\r\n\r\n`,
      );
      await once(socket, 'data');
      socket.write(Buffer.from(Array.from({ length: 1 + below(60) }, () => below(256))));
      if (round % 3) socket.end();
      setTimeout(() => socket.destroy(), 20);
    }
    expect(await status(url(peer, 'download'))).toBe(101);
  });
});
