/** What a sender can do to the collector, by malice or by a bad line, and what it cannot. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acknowledgementSchema, encodeReport } from '../../probes/report.ts';
import { aMeasurement } from '../measurement.ts';
import { startTestCollector, type TestCollector } from './collector-fixture.ts';

const now = new Date('2026-11-10T05:00:00.000Z');
let test: TestCollector;

beforeAll(async () => {
  test = await startTestCollector({
    probes: ['xuanwu-1', 'village-7'],
    now,
    body: { wireB: 256 * 1024, contentB: 1024 * 1024, totalMs: 1_500, idleMs: 400 },
  });
});
afterAll(() => test.stop());

const rows = async () => {
  const [count] = await test.store.read<{ stored: number; quarantined: number }>(
    `SELECT (SELECT count() FROM measurement FINAL) AS stored,
            (SELECT count() FROM quarantine FINAL) AS quarantined`,
  );
  return count;
};

const report = (lines: readonly string[], results = lines.length) =>
  `${JSON.stringify({ version: 1, date: now.toISOString(), agentId: 'xuanwu-1', results })}\n${lines.map((line) => `${line}\n`).join('')}`;

const aLine = (sequence: number) => JSON.stringify(aMeasurement({ sequence }));

/** A zstd frame (RFC 8878 §3.1.1) of RLE blocks: four bytes stand for 128 KiB. */
function zstdOfBlanks(blocks: number, claimB: number | null): Uint8Array<ArrayBuffer> {
  const blockB = 128 * 1024;
  const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  const header = claimB === null ? Buffer.from([0x00, 0x60]) : Buffer.alloc(6, 0x80);
  if (claimB !== null) {
    header[1] = 0x60;
    header.writeUInt32LE(claimB, 2);
  }
  const body = Array.from({ length: blocks }, (_, index) => {
    const block = Buffer.alloc(4, ' ');
    block.writeUIntLE((blockB << 3) | (1 << 1) | (index === blocks - 1 ? 1 : 0), 0, 3);
    return block;
  });
  return new Uint8Array(Buffer.concat([magic, header, ...body]));
}

/** A lawful header and lines of a lawful length that are nothing. */
function manyLines(sizeB: number): Buffer {
  return Buffer.concat([
    Buffer.from(report([], 100_000)),
    Buffer.alloc(sizeB, `${' '.repeat(999)}\n`),
  ]);
}

/** A request whose body comes as the test says; resolves with what was answered. */
function slowly(send: (socket: Socket) => Promise<void>): Promise<string> {
  const { port, hostname } = new URL(test.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.on('error', () => {});
  socket.write(
    `POST /v1/reports HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${test.tokens.get('xuanwu-1')}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n`,
  );
  void send(socket);
  return once(socket, 'close').then(() => answer);
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a body that does not come', () => {
  it('is given up when nothing more comes, and stores nothing', async () => {
    const before = await rows();
    const answer = await slowly(async (socket) => {
      socket.write(chunk(report([aLine(1)], 2)));
    });
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('report-slow');
    expect(await rows()).toEqual(before);
  });

  it('is given up when it trickles, however steadily', async () => {
    const before = await rows();
    const answer = await slowly(async (socket) => {
      const bytes = report([aLine(1)]);
      for (let at = 0; at < bytes.length && !socket.destroyed; at++) {
        socket.write(chunk(bytes[at] as string));
        await wait(50);
      }
    });
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(await rows()).toEqual(before);
  });

  it('may be cut in two anywhere, also within a character, and is one report', async () => {
    const line = JSON.stringify(
      aMeasurement({
        sequence: 5,
        outcome: { status: 'failed', stage: 'dns', code: 'nxdomain', detail: '无此域名' },
      }),
    );
    const bytes = Buffer.from(report([line]));
    const at = bytes.indexOf('域') + 1;
    const answer = await slowly(async (socket) => {
      for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) {
        socket.write(`${part.length.toString(16)}\r\n`);
        socket.write(part);
        socket.write('\r\n');
        await wait(50);
      }
      socket.write('0\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(
      await test.store.read('SELECT detail FROM measurement FINAL WHERE sequence = 5'),
    ).toEqual([{ detail: '无此域名' }]);
  });

  it('stores nothing when the sender goes away after good lines', async () => {
    const before = await rows();
    await slowly(async (socket) => {
      socket.write(chunk(report([aLine(11), aLine(12)], 3)));
      await wait(50);
      socket.destroy();
    });
    await wait(100);
    expect(await rows()).toEqual(before);
  });
});

describe('compressed bodies', () => {
  it('reads what the zstd program wrote', async () => {
    const golden = readFileSync(new URL('../golden/report-v1.ndjson.zst', import.meta.url));
    test.clock = new Date('2026-11-24T02:02:00.000Z');
    const response = await test.post('village-7', new Uint8Array(golden), {
      'content-encoding': 'zstd',
    });
    test.clock = now;
    expect(response.status).toBe(200);
    const answer = acknowledgementSchema.parse(await response.json());
    expect(answer.stored + answer.quarantined.length).toBe(4);
  });

  const golden = readFileSync(new URL('../golden/report-v1.ndjson.zst', import.meta.url));
  const damaged = Buffer.from(golden);
  damaged[60] = (damaged[60] as number) ^ 0x10;

  it.each<[string, string, Uint8Array<ArrayBuffer>, number, string]>([
    ['a zstd bomb', 'zstd', zstdOfBlanks(4_000, null), 400, 'report-cut'],
    ['a zstd bomb that says so', 'zstd', zstdOfBlanks(4_000, 4_000 << 17), 413, 'report-too-large'],
    ['a zstd bomb that lies', 'zstd', zstdOfBlanks(4_000, 1_000), 400, 'report-cut'],
    ['a cut zstd frame', 'zstd', new Uint8Array(golden.subarray(0, 100)), 400, 'report-cut'],
    ['a damaged zstd frame', 'zstd', new Uint8Array(damaged), 400, 'report-cut'],
    ['no zstd at all', 'zstd', new Uint8Array(Buffer.from('not zstd')), 400, 'report-cut'],
    ['a gzip bomb', 'gzip', new Uint8Array(gzipSync(manyLines(8 << 20))), 413, 'report-too-large'],
    [
      'a cut gzip stream',
      'gzip',
      new Uint8Array(gzipSync(report([aLine(1)])).subarray(0, -12)),
      400,
      'report-cut',
    ],
    [
      'too much on the wire',
      'identity',
      new Uint8Array(manyLines(300 * 1024)),
      413,
      'report-too-large',
    ],
  ])('refuses %s and stores nothing', async (_, encoding, bytes, status, code) => {
    const before = await rows();
    const response = await test.post('xuanwu-1', bytes, { 'content-encoding': encoding });
    expect(await response.json()).toMatchObject({ status, code });
    expect(await rows()).toEqual(before);
  });
});

describe('single lines', () => {
  it('quarantines what is nested too deeply, and takes its neighbours', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const response = await test.post('xuanwu-1', report([aLine(21), deep, aLine(22)]));
    expect(acknowledgementSchema.parse(await response.json())).toMatchObject({
      stored: 2,
      quarantined: [{ line: 3, sequence: null, code: 'too-deep' }],
      covers: [[21, 22]],
    });
  });

  it('quarantines what is no UTF-8, byte for byte', async () => {
    const [head, tail] = report([aLine(23), aLine(24)]).split('tongda-probe/0.1.0"}\n{');
    const bytes = Buffer.concat([
      Buffer.from(`${head}`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`"}\n{${tail}`),
    ]);
    const response = await test.post('xuanwu-1', new Uint8Array(bytes));
    expect(acknowledgementSchema.parse(await response.json())).toMatchObject({
      stored: 1,
      quarantined: [{ line: 2, code: 'not-utf8' }],
      covers: [[24, 24]],
    });
    const [row] = await test.store.read<{ hex: string }>(
      "SELECT hex(original) AS hex FROM quarantine FINAL WHERE code = 'not-utf8'",
    );
    expect(Buffer.from(row?.hex ?? '', 'hex').includes(Buffer.from([0xff, 0xfe]))).toBe(true);
  });

  it.each([
    ['a value beyond every integer', '"rttMedianMs":20.125', '"rttMedianMs":1e300'],
    ['a clock beyond every date', '"uncertaintyMs":10', '"uncertaintyMs":1e300'],
    ['samples beyond Float32', '"conflicts":[]', '"conflicts":[],"samples":[1e300]'],
  ])('quarantines %s without harm to the batch', async (_, from, to) => {
    const line = aLine(31).replace(from, to);
    const response = await test.post('xuanwu-1', report([line, aLine(32)]));
    expect(response.status).toBe(200);
    expect(acknowledgementSchema.parse(await response.json())).toMatchObject({
      stored: 1,
      quarantined: [{ line: 2, sequence: 31 }],
      covers: [[31, 32]],
    });
  });

  it('two records under one sequence are never both counted', async () => {
    const one = aMeasurement({ sequence: 41 });
    const other = { ...one, start: '2026-11-10T04:00:01.000Z' };
    const response = await test.post(
      'xuanwu-1',
      encodeReport({ date: now.toISOString(), agentId: 'xuanwu-1' }, [
        aMeasurement({ sequence: 42 }),
        one,
        one,
        other,
      ]),
    );
    expect(acknowledgementSchema.parse(await response.json())).toMatchObject({
      stored: 2,
      quarantined: [{ line: 5, sequence: 41, code: 'sequence-conflict' }],
      covers: [[41, 42]],
    });
    expect(
      await test.store.read(
        "SELECT start FROM measurement FINAL WHERE probe = 'xuanwu-1' AND sequence = 41",
      ),
    ).toEqual([{ start: one.start }]);
  });
});
