/** The peer's iperf3 side, and what an engineer's own iperf3 makes of it. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Peer, type PeerLimits, startPeer } from '../../probes/peer/index.ts';
import { chance } from '../chance.ts';

const HOSTS = ['127.0.0.1', '::1'] as const;
const run = promisify(execFile);
const hasIperf3 = spawnSync('iperf3', ['--version']).status === 0;
if (!hasIperf3)
  process.stderr.write(
    '\n!! 没有 iperf3,跳过与它的互通检验 · no iperf3: not tested against it\n\n',
  );

let peer: Peer;
beforeAll(async () => {
  peer = await start({});
});
afterAll(() => peer.close());

const opened: Peer[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const own of opened.splice(0)) await own.close();
});
const start = (limits: Partial<PeerLimits>) =>
  startPeer({ hosts: HOSTS, httpPort: 0, dnsPort: 0, limits });
async function limited(limits: Partial<PeerLimits>): Promise<Peer> {
  const own = await start(limits);
  opened.push(own);
  return own;
}

interface Result {
  error?: string;
  start: { connected: unknown[] };
  end: Record<'sum_sent' | 'sum_received', { bytes: number; bits_per_second: number }> & {
    streams: { sender: { bytes: number }; receiver: { bytes: number } }[];
  };
}

/** What `iperf3 --json` found; it fails where the server said no, and prints all the same. */
async function iperf3(host: string, port: number, ...options: string[]): Promise<Result> {
  const length = options.some((option) => ['-n', '-k', '-t'].includes(option)) ? [] : ['-t', '1'];
  const args = ['-c', host, '-p', `${port}`, '--json', ...length, ...options];
  const { stdout } = await run('iperf3', args).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Result;
}

describe.skipIf(!hasIperf3)('Debian’s iperf3', () => {
  it.each([
    ['127.0.0.1', 1, []],
    ['::1', 3, ['-P', '3']],
    ['127.0.0.1', 2, ['-R', '-P', '2']],
    ['::1', 1, ['-R']],
    ['::1', 2, ['--bidir']],
    ['127.0.0.1', 1, ['-n', '2M']],
  ] as const)('measures against %s over %i streams: %j', async (host, streams, options) => {
    const { error, start, end } = await iperf3(host, peer.iperfPort, ...options);
    expect(error).toBeUndefined();
    expect(start.connected).toHaveLength(streams);
    expect(end.streams).toHaveLength(streams);
    // Both sides counted, and counted the same but for what was still on its way.
    for (const { sender, receiver } of end.streams) {
      expect(sender.bytes).toBeGreaterThan(1_000_000);
      expect(receiver.bytes).toBeGreaterThan(0);
      expect(receiver.bytes).toBeLessThanOrEqual(sender.bytes * 1.05);
    }
  });

  it.each([
    ['-n', '2M'],
    ['-n', '64M', '-P', '4'],
    ['-k', '500'],
  ])('is told of every byte of a test that ends by bytes: %s %s', async (...options) => {
    const { end } = await iperf3('::1', peer.iperfPort, ...options);
    for (const { sender, receiver } of end.streams) expect(receiver.bytes).toBe(sender.bytes);
  });

  it('is sent no faster than it asks for', async () => {
    const { end } = await iperf3('::1', peer.iperfPort, '-R', '-b', '20M');
    expect(end.sum_received.bits_per_second).toBeGreaterThan(10e6);
    expect(end.sum_received.bits_per_second).toBeLessThan(30e6);
  });

  it('measures with others at one time, up to a limit, and is told when the peer is busy', async () => {
    const { iperfPort } = await limited({ iperfTests: 1 });
    const first = iperf3('::1', iperfPort, '-R');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await iperf3('127.0.0.1', iperfPort)).error).toContain('busy');
    expect((await first).error).toBeUndefined();
    expect((await iperf3('127.0.0.1', iperfPort, '-n', '1M')).error).toBeUndefined();
  });

  it.each([
    ['too long', ['-t', '61'], 'duration'],
    ['too many streams', ['-P', '33'], 'parallel streams'],
    ['over UDP', ['-u'], 'not implemented'],
  ])('is told why it may not measure %s', async (_, options, said) => {
    expect((await iperf3('::1', peer.iperfPort, ...options)).error).toContain(said);
  });

  it('is ended when it has moved too much', async () => {
    const { iperfPort } = await limited({ testB: 1_000_000 });
    expect((await iperf3('::1', iperfPort, '-R', '-t', '30')).error).toContain('terminated');
  });
});

describe('limits', () => {
  it('forgets a client that says nothing more, and has its place again', async () => {
    const { iperfPort } = await limited({ iperfTests: 1 });
    const first = await client(iperfPort, cookie('a'));
    expect(await first.said(1)).toEqual([9]);
    const second = await client(iperfPort, cookie('b'));
    expect(await second.said(1)).toEqual([-1]);
    first.socket.destroy();
    await expect
      .poll(async () => (await client(iperfPort, cookie('c'))).said(1), { timeout: 5_000 })
      .toEqual([9]);
  });

  it('closes connections too many of one address', async () => {
    const { iperfPort } = await limited({ requestsPerMinute: 2 });
    const said = [];
    for (const name of ['a', 'b', 'c'])
      said.push(await (await client(iperfPort, cookie(name))).said(1));
    expect(said).toEqual([[9], [9], []]);
  });

  it('takes no stream that was not asked for, and no parameters without end', async () => {
    const stray = await client(peer.iperfPort, cookie('s'));
    await stray.said(1);
    const stream = await client(peer.iperfPort, cookie('s'));
    expect(await stream.said(1)).toEqual([]);
    stray.socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
    expect(await stray.said(1)).toEqual([]);
  });

  it('sends no more than one block of a rate whose next one is due after weeks', async () => {
    const asked = '{"tcp":true,"time":60,"reverse":true,"len":1048576,"bandwidth":1}';
    const { stream } = await begun(peer.iperfPort, asked);
    let receivedB = 0;
    stream.socket.on('data', (chunk) => {
      receivedB += chunk.length;
    });
    await expect.poll(() => receivedB).toBe(1_048_576);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(receivedB).toBe(1_048_576);
  });

  it('lives through whatever it is told, and measures on', async () => {
    const { below, oneOf } = chance(37);
    const { iperfPort } = await limited({ iperfTests: 100 });
    const asked = framed('{"tcp":true,"time":1,"parallel":1}');
    for (let round = 0; round < 40; round++) {
      const { socket } = await client(iperfPort, cookie(`${round}-`));
      const noise = Buffer.from(Array.from({ length: below(60) }, () => below(256)));
      socket.write(oneOf([noise, Buffer.concat([asked, noise]), asked.subarray(0, below(20))]));
      if (round % 2 === 0) socket.end();
    }
    const { control, stream } = await begun(iperfPort, '{"tcp":true,"time":1}');
    stream.socket.write(Buffer.alloc(5_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await ended(control)).toMatchObject([{ id: 1, bytes: 5_000 }]);
  });
});

describe('the end of a test', () => {
  it.each([
    ['all that was on its way, of a test that ends by bytes', 0, 8_000_000],
    ['what is here and not yet read, of a test that ends by time', 1, 60_000],
  ])('has the server count %s', async (_, time, sentB) => {
    const { control, stream } = await begun(peer.iperfPort, `{"tcp":true,"time":${time}}`);
    stream.socket.write(Buffer.alloc(sentB));
    expect(await ended(control)).toMatchObject([{ id: 1, bytes: sentB }]);
  });
});

type Client = Awaited<ReturnType<typeof client>>;

/** A test of one stream, up to where the stream is written to. */
async function begun(port: number, asked: string) {
  const control = await client(port, cookie('own'));
  expect(await control.said(1)).toEqual([9]);
  control.socket.write(framed(asked));
  expect(await control.said(1)).toEqual([10]);
  const stream = await client(port, cookie('own'));
  expect(await control.said(2)).toEqual([1, 2]);
  return { control, stream };
}

/** The client says that the test is over; what the server counted of its streams. */
async function ended(control: Client): Promise<unknown> {
  control.socket.write(Buffer.from([4]));
  expect(await control.said(1)).toEqual([13]);
  control.socket.write(framed('{}'));
  const length = Buffer.from(await control.said(4)).readUInt32BE(0);
  const { streams } = JSON.parse(Buffer.from(await control.said(length)).toString());
  expect(await control.said(1)).toEqual([14]);
  return streams;
}

const sockets: Socket[] = [];

const cookie = (name: string) => Buffer.from(`${name.padEnd(36, 'x')}\0`);

function framed(json: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, Buffer.from(json)]);
}

/** A connection that says `greeting`; `said` are the next octets, signed, or none where it was closed. */
async function client(port: number, greeting: Buffer) {
  const socket = connect(port, '::1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(greeting);
  const said = async (length: number): Promise<number[]> => {
    for (;;) {
      const chunk: Buffer | null = socket.read(length);
      if (chunk?.length === length) return [...new Int8Array(chunk)];
      if (socket.destroyed || socket.readableEnded) return [];
      await Promise.race([once(socket, 'readable'), once(socket, 'close')]).catch(() => {});
    }
  };
  return { socket, said };
}
