/** The metrics that need a far end of their own kind, against good ones, bad ones and bad paths. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Finding } from '../../probes/metric.ts';
import { ndt7 } from '../../probes/metrics/ndt7.ts';
import { stamp } from '../../probes/metrics/stamp.ts';
import { reflection } from '../../probes/net/stamp-packet.ts';
import { NDT7_PROTOCOL } from '../../probes/transfer/ndt7-message.ts';
import {
  closeLast,
  closeLater,
  FAMILIES,
  failure,
  hostOf,
  LOOPBACK,
  peerBeside,
  serverThat,
} from './metrics-fixture.ts';
import type { Ran, Run } from './namespaced-metrics.ts';

const { signal } = new AbortController();
const PAUSED = new Int32Array(new SharedArrayBuffer(4));
const BLOCK_MS = 100;

const peer = peerBeside();

describe.each(FAMILIES)('stamp over IPv%i', (family) => {
  const address = LOOPBACK[family];
  const run = (port: number, parameters: object = {}): Promise<Finding> =>
    stamp.run(
      `${hostOf(family)}:${port}`,
      stamp.parameters.parse({ count: 10, intervalMs: 5, timeoutMs: 200, ...parameters }),
      { family, signal },
    );

  /** A reflector that is not to be trusted; its answers are what `answer` makes of a packet. */
  async function reflecting(answer: (packet: Buffer) => Buffer[]): Promise<number> {
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    socket.on('message', (packet, from) => {
      for (const reply of answer(packet)) socket.send(reply, from.port, from.address);
    });
    socket.bind(0, address);
    await once(socket, 'listening');
    closeLater(() => socket.close());
    return socket.address().port;
  }
  const now = () => BigInt(Date.now()) * 1_000_000n;
  const honest = (packet: Buffer) => reflection(packet, now(), now());

  it('measures against the peer, with padding too', async () => {
    for (const sizeB of [44, 1_400]) {
      const finding = await run(peer.stampPort, { sizeB });
      expect(finding).toMatchObject({
        outcome: { status: 'ok' },
        address,
        values: {
          ...{ packetsSent: 10, packetsReceived: 10, lossRatio: 0 },
          ...{ lossForwardRatio: 0, lossBackwardRatio: 0 },
          residenceMedianMs: expect.any(Number),
          jitterForwardMs: expect.any(Number),
        },
      });
      expect(finding.samples).toHaveLength(10);
      expect(finding.values.rttMinMs).toBeGreaterThan(0);
    }
  });

  it('has in the round trip nothing of what keeps either end from reading', async () => {
    // Both ends are in this process, and it does nothing for most of the time.
    const blocking = setInterval(() => Atomics.wait(PAUSED, 0, 0, BLOCK_MS), 1);
    try {
      const { values, method } = await run(peer.stampPort, { count: 5, timeoutMs: 2_000 });
      if (method === 'stamp/1') return expect(process.platform).not.toBe('linux');
      expect(values.packetsReceived).toBe(5);
      expect(values.rttMedianMs).toBeLessThan(BLOCK_MS);
      expect(values.residenceMedianMs).toBeGreaterThanOrEqual(BLOCK_MS);
    } finally {
      clearInterval(blocking);
    }
  });

  it('tells a closed port, silence and garbage', async () => {
    const port = await reflecting(() => []);
    expect(await run(port)).toMatchObject({
      ...failure('reflect', 'timeout'),
      values: { lossRatio: 1, packetsSent: 10, packetsReceived: 0 },
    });
    closeLast();
    expect(await run(port)).toMatchObject(failure('reflect', 'refused'));
    expect(await run(await reflecting((packet) => [packet, Buffer.from('STAMP')]))).toMatchObject(
      failure('reflect', 'malformed'),
    );
  });

  it('counts an answer once, and none that is made up', async () => {
    const forged = (packet: Buffer, at: number) => {
      const reply = honest(packet);
      reply.writeUInt8(reply.readUInt8(at) ^ 1, at);
      return reply;
    };
    const twice = await run(await reflecting((packet) => [honest(packet), honest(packet)]));
    expect(twice.values).toMatchObject({ packetsReceived: 10, lossRatio: 0 });
    // Another session, another number, another time of sending.
    for (const at of [14, 27, 35])
      expect(await run(await reflecting((packet) => [forged(packet, at)]))).toMatchObject(
        failure('reflect', 'malformed'),
      );
  });

  it('does not guess on which way a packet was lost', async () => {
    const port = await reflecting((packet) =>
      packet.readUInt32BE(0) % 2 === 0 ? [honest(packet)] : [],
    );
    const { values } = await run(port);
    expect(values).toMatchObject({ packetsReceived: 5, statefulReflector: 0 });
    expect(values).not.toHaveProperty('lossForwardRatio');
    expect(values).not.toHaveProperty('lossBackwardRatio');
  });
});

describe.each(FAMILIES)('ndt7 over IPv%i', (family) => {
  const address = LOOPBACK[family];
  const run = (port: number, parameters: object = {}): Promise<Finding> =>
    ndt7.run(
      `http://${hostOf(family)}:${port}`,
      ndt7.parameters.parse({
        ...{ durationS: 1, timeoutMs: 400, limitB: 20_000_000_000 },
        ...parameters,
      }),
      { family, signal },
    );

  /** A server that upgrades as it should, and then says `frames`, as they are on the wire. */
  const upgradingTo = (...frames: Buffer[]) =>
    serverThat(
      (socket) =>
        socket.once('data', (request) => {
          const key = /sec-websocket-key: (\S+)/i.exec(String(request))?.[1] ?? '';
          const accept = createHash('sha1')
            .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
            .digest('base64');
          socket.write(
            `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n` +
              `sec-websocket-protocol: ${NDT7_PROTOCOL}\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
          );
          for (const frame of frames) socket.write(frame);
        }),
      family,
    );

  it.each([
    ['down', 'rateDownBps'],
    ['up', 'rateUpBps'],
  ])('measures %s against the peer', async (direction, rate) => {
    const finding = await run(peer.httpPort, { direction });
    expect(finding).toMatchObject({ outcome: { status: 'ok' }, address });
    const { payloadB = 0, durationS = 0, ...values } = finding.values;
    expect(Object.keys(values)).toEqual([rate]);
    expect(payloadB).toBeGreaterThan(1_000_000);
    // The duration is kept to the millisecond: of a fast loopback that is megabits.
    expect(((values[rate] ?? 0) * durationS) / (payloadB * 8)).toBeCloseTo(1, 2);
  });

  it('tells what is no ndt7 server', async () => {
    const { httpPort } = peer;
    const closed = await serverThat(() => {}, family);
    expect(await run(closed)).toMatchObject(failure('upgrade', 'timeout'));
    closeLast();
    expect(await run(closed)).toMatchObject(failure('connect', 'refused'));
    const says = async (text: string) =>
      run(await serverThat((socket) => socket.end(text), family));
    expect(await says('SSH-2.0-OpenSSH_9.2\r\n')).toMatchObject(failure('upgrade', 'malformed'));
    expect(await says('HTTP/1.1 404 Not Found\r\n\r\n')).toMatchObject(
      failure('status', 'http-404'),
    );
    expect(await says('HTTP/1.1 503 Busy\r\n\r\n')).toMatchObject({
      outcome: { status: 'skipped', reason: 'peer-busy' },
    });
    const https = `https://${hostOf(family)}:${httpPort}`;
    const tls = await ndt7.run(https, ndt7.parameters.parse({}), { family, signal });
    expect(tls.outcome).toMatchObject({ status: 'failed', stage: 'tls' });
  });

  it.each([
    ['is silent', [], 'timeout'],
    ['breaks the protocol', [Buffer.from([0xff, 0xff])], 'malformed'],
    ['says goodbye at once', [Buffer.from([0x88, 0x00])], 'closed'],
    ['says goodbye after a word', [Buffer.from([0x82, 0x01, 0x2a, 0x88, 0x00])], 'closed'],
  ])('has no rate down from a server that %s', async (_, frames, code) => {
    const finding = await run(await upgradingTo(...frames));
    expect(finding).toMatchObject(failure('body', code));
    expect(finding.values).not.toHaveProperty('rateDownBps');
  });

  it('has no rate up from a server that lies or says nothing', async () => {
    const saying = async (text: string | undefined) => {
      const server = new WebSocketServer({ host: address, port: 0 });
      server.on('connection', (webSocket) => {
        webSocket.on('error', () => {});
        if (text !== undefined) setTimeout(() => webSocket.send(text), 600);
      });
      await once(server, 'listening');
      closeLater(() => {
        for (const webSocket of server.clients) webSocket.terminate();
        server.close();
      });
      return run((server.address() as { port: number }).port, { direction: 'up' });
    };
    const counted = (NumBytes: number, ElapsedTime: number) =>
      JSON.stringify({ AppInfo: { NumBytes, ElapsedTime } });
    const [silent, garbage, tooMuch, tooLong] = await Promise.all(
      [undefined, 'thanks!', counted(1e15, 600_000), counted(1_000, 1e9)].map(saying),
    );
    expect(silent).toMatchObject(failure('body', 'timeout'));
    for (const finding of [garbage, tooMuch, tooLong])
      expect(finding).toMatchObject(failure('body', 'malformed'));
  });

  it('is bounded in bytes', async () => {
    for (const direction of ['down', 'up'] as const) {
      const finding = await run(peer.httpPort, { direction, limitB: 1_000_000 });
      expect(finding.outcome).toMatchObject({ status: 'failed', stage: 'body' });
      expect(finding.values).not.toHaveProperty('rateDownBps');
      expect(finding.values).not.toHaveProperty('rateUpBps');
    }
  });
});

describe.skipIf(process.getuid?.() !== 0)('in a namespace', () => {
  const child = new URL('../../.build/test/integration/namespaced-metrics.js', import.meta.url);
  async function inNamespace(setup: string, runs: Run[]): Promise<(Finding | null)[]> {
    const script = `ip link set lo mtu 1500 up\n${setup}\nexec "$@"`;
    const { stdout } = await promisify(execFile)('unshare', [
      ...['--net', 'sh', '-euc', script, 'sh', process.execPath, child.pathname],
      JSON.stringify(runs),
    ]);
    return (JSON.parse(stdout) as Ran[]).map(({ finding }) => finding);
  }

  it('stamp tells on which way packets were lost', async () => {
    const drops = [
      'table inet impaired { chain input { type filter hook input priority 0;',
      // Of 40, 10 do not arrive; of the 30 answers, 10 do not come back.
      'udp dport 862 numgen inc mod 4 0 drop;',
      'udp sport 862 numgen inc mod 3 0 drop;',
      '}',
      '}',
    ].join('\n');
    const parameters = { count: 40, intervalMs: 10, timeoutMs: 300 };
    const [finding] = await inNamespace(`nft '${drops}'`, [
      { metric: 'stamp', target: '[::1]:862', family: 6, parameters },
    ]);
    expect(finding).toMatchObject({
      outcome: { status: 'ok' },
      values: {
        ...{ packetsSent: 40, packetsReceived: 20, lossRatio: 0.5, statefulReflector: 1 },
        ...{ lossForwardRatio: 0.25, lossBackwardRatio: 0.333333 },
      },
    });
  });

  it('ndt7 tells what a single flow gets of a shaped link, by the receiver', async () => {
    const shape = 'tc qdisc add dev lo root tbf rate 50mbit burst 32kb latency 50ms';
    const findings = await Promise.all(
      ['down', 'up'].map((direction) =>
        inNamespace(shape, [
          {
            metric: 'ndt7',
            target: 'http://[::1]:8080',
            family: 6,
            parameters: { direction, durationS: 3 },
          },
        ]),
      ),
    );
    const ceilingBps = 50e6 * (1_428 / 1_514);
    for (const [finding] of findings) {
      expect(finding?.outcome).toEqual({ status: 'ok' });
      const { rateDownBps, rateUpBps } = finding?.values ?? {};
      const rateBps = rateDownBps ?? rateUpBps ?? 0;
      expect(rateBps).toBeLessThan(ceilingBps * 1.01);
      // A sender's count would hold what still lies in its buffers; a single flow starts slowly.
      expect(rateBps).toBeGreaterThan(ceilingBps * 0.75);
    }
  });
});
