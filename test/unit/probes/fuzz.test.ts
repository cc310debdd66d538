/**
 * What comes from outside, bent by chance that can be repeated: it is taken or refused with a fault,
 * and never breaks anything. Spool segments are in `segment.test.ts`.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../probes/clock.ts';
import { parseSettings } from '../../../probes/config.ts';
import { Fault } from '../../../probes/fault.ts';
import { acceptInstruction } from '../../../probes/instruction-store.ts';
import { dueRuns, missedReason, nextRunMs, withRun } from '../../../probes/schedule.ts';
import { Station, StationFault } from '../../../probes/station.ts';
import { type Chance, chance } from '../../chance.ts';

/** Letters cut out, put in or replaced, and as often only a digit changed, which is taken more often. */
function bent(text: string, { below, oneOf, coin }: Chance, pieces: readonly string[]): string {
  let bytes = text;
  for (let times = 1 + below(2); times > 0; times--) {
    if (coin(0.5)) {
      const digit = oneOf([...bytes.matchAll(/\d/g)]).index;
      bytes = `${bytes.slice(0, digit)}${below(3_000)}${bytes.slice(digit + below(2))}`;
      continue;
    }
    const at = below(bytes.length + 1);
    const to = coin(0.5) ? at + below(12) : at;
    const put = coin(0.6) ? oneOf(pieces) : String.fromCharCode(below(0x300));
    bytes = bytes.slice(0, at) + put + bytes.slice(to);
  }
  return bytes;
}

describe('a configuration file', () => {
  const good =
    'station: https://tongda.example\nprobe: village-7\ntokenFile: token\nspool: spool\nspoolLimitMiB: 64\nmonthlyBudgetMiB: 10\n';
  const pieces = [
    ...['\n', ': ', '- ', '"', '{', ']', '&a ', '*a', '*b\n', '!!binary ', '!x ', '|\n', '---\n'],
    ...['<<: *a\n', '? ', '__proto__: {}\n', '%YAML 9.9\n', '1e999', '.nan', '\t', '\0', '\ufeff'],
  ];

  it('is settings or a fault that says where', () => {
    const random = chance(1);
    let taken = 0;
    for (let round = 0; round < 400; round++) {
      const text = bent(good, random, pieces);
      try {
        const settings = parseSettings(text, '/etc/tongda/probe.yaml');
        expect(settings.spoolLimitMiB).toBeGreaterThanOrEqual(1);
        taken++;
      } catch (error) {
        if (!(error instanceof Fault)) throw new Error(`${JSON.stringify(text)}: ${error}`);
        expect(error.code).toMatch(/^config-(malformed|invalid)$/);
      }
    }
    // Neither all of it refused nor all of it taken.
    expect(taken).toBeGreaterThan(50);
    expect(taken).toBeLessThan(1_000);
  });

  it('does not grow without bound', () => {
    const laughs = Array.from(
      { length: 12 },
      (_, level) => `a${level}: &a${level} [${Array(12).fill(level ? `*a${level - 1}` : 'x')}]\n`,
    );
    expect(() => parseSettings(laughs.join(''), 'probe.yaml')).toThrow(
      expect.objectContaining({ code: 'config-malformed' }),
    );
  });
});

describe('an instruction', () => {
  const good = JSON.stringify({
    version: 1,
    agentId: 'village-7',
    generation: 5,
    issued: '2026-11-24T00:00:00.000Z',
    tasks: [
      { name: 'ping', metric: 'icmp-rtt', target: '::1', family: 6, parameters: { count: 3 } },
    ],
    schedules: [{ name: 'minute', periodS: 60, tasks: ['ping'] }],
    suppressions: [{ start: '2026-11-24T00:00:00Z', end: '2026-11-25T00:00:00Z' }],
    reportPeriodS: 60,
    instructionPeriodS: 60,
    monthlyBudgetB: 1_000_000,
  });
  const pieces = [
    ...[
      '0',
      '9',
      '-',
      '.',
      'e',
      '1e308',
      'null',
      'true',
      '""',
      '[]',
      '{}',
      ',',
      '"x":1,',
      '"ping"',
    ],
    ...[
      '"__proto__":{},',
      '9007199254740993',
      '0001-',
      '9999-',
      '+23:59',
      '\\u0000',
      '"constructor"',
    ],
  ];

  it('is followed or refused, and what is followed can be scheduled at any time', () => {
    const random = chance(2);
    let followed = 0;
    for (let round = 0; round < 1_200; round++) {
      const text = bent(good, random, pieces);
      let candidate: unknown;
      try {
        candidate = JSON.parse(text);
      } catch {
        candidate = undefined;
      }
      try {
        const instruction = acceptInstruction(null, candidate, 'village-7');
        followed++;
        for (const nowMs of [0, Date.parse('2026-11-24T02:00:00Z'), 4e12]) {
          const ran = { minute: { slotMs: nowMs - random.below(1e9), periodMs: 60_000 } };
          for (const run of dueRuns(instruction, ran, nowMs)) {
            expect(run.slotMs).toBeLessThanOrEqual(nowMs);
            expect(Number.isSafeInteger(run.missed) && run.missed >= 0).toBe(true);
            expect(missedReason(run, { begunMs: nowMs })).toMatch(/^missed/);
            expect(dueRuns(instruction, withRun(instruction, ran, run), nowMs)).not.toContainEqual(
              expect.objectContaining({ schedule: run.schedule }),
            );
          }
          for (const schedule of instruction.schedules) {
            const next = nextRunMs(instruction, schedule, ran, nowMs);
            if (next !== null) expect(next).toBeGreaterThanOrEqual(nowMs);
          }
        }
      } catch (error) {
        if (!(error instanceof Fault)) throw new Error(`${text}: ${error}`);
        expect(error.code).toMatch(/^instruction-/);
      }
    }
    expect(followed).toBeGreaterThan(50);
  });
});

describe('a station’s answer', () => {
  let server: Server;
  const sockets = new Set<Socket>();
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });

  /** A station that answers every request by `speak`. */
  async function speaking(speak: (socket: Socket) => void, limitMs?: number): Promise<Station> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).once('data', () => speak(socket));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()));
    const { port } = server.address() as AddressInfo;
    return new Station(`http://127.0.0.1:${port}`, 'x'.repeat(20), systemClock, limitMs);
  }

  const { signal } = new AbortController();

  it('is an answer or a fault, whatever its bytes', async () => {
    const random = chance(4);
    const acknowledgement = JSON.stringify({
      version: 1,
      agentId: 'village-7',
      stationTime: '2026-11-24T00:00:00.000Z',
      stored: 1,
      quarantined: [{ sequence: 3, code: 'too-old', reason: 'x' }],
      covers: [[1, 2]],
    });
    const whole = `HTTP/1.1 200 OK\r\ntongda-time: 2026-11-24T00:00:00.000Z\r\netag: "5"\r\nretry-after: 7\r\ncontent-length: ${acknowledgement.length}\r\nconnection: close\r\n\r\n${acknowledgement}`;
    const pieces = [
      ...['\r\n', '\n', ': ', '503', '401', '304', '-1', '999999', 'chunked', '\0', '1e99', '"'],
      ...[
        'transfer-encoding: chunked\r\n',
        'content-length: 5\r\n',
        'tongda-time: +275760',
        'HTTP/9',
      ],
      ...['[[1,2],[9,1]]', '[[0,1e300]]', 'null', '{"version":1', '\u00ff'.repeat(20)],
    ];
    const station = await speaking((socket) => {
      const answer = bent(whole, random, pieces);
      const cut = random.coin(0.2) ? random.below(answer.length) : answer.length;
      socket.end(Buffer.from(answer.slice(0, cut), 'latin1'));
    }, 2_000);
    const ended = { answered: 0, refused: 0 };
    for (let round = 0; round < 200; round++)
      try {
        if (round % 2) await station.instruction('"4"', signal);
        else await station.report('{}\n', signal);
        ended.answered++;
      } catch (error) {
        if (!(error instanceof StationFault)) throw error;
        ended.refused++;
      }
    expect(Math.min(ended.answered, ended.refused)).toBeGreaterThan(20);
    const { time } = station;
    if (time) expect(Number.isFinite(time.stationMs)).toBe(true);
    await station.close();
  });

  it('is waited for only so long, however it trickles, and read only so far', async () => {
    const station = await speaking((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
      const timer = setInterval(() => socket.write(' '), 20);
      socket.on('close', () => clearInterval(timer));
    }, 150);
    await expect(station.instruction(null, signal)).rejects.toMatchObject({
      code: 'station-unreachable',
    });
    await station.close();
    await new Promise((done) => server.close(done));
    const endless = await speaking((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 32)));
        if (!socket.destroyed) socket.once('drain', more);
      };
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      more();
    });
    await expect(endless.instruction(null, signal)).rejects.toMatchObject({
      code: 'station-unreachable',
    });
    await endless.close();
  });
});
