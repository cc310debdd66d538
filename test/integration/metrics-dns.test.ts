/** dns-resolve against a peer, against servers that lie, and where an answer is too long for UDP. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import packet from 'dns-packet';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../probes/metric.ts';
import {
  closedPort,
  closeLast,
  closeLater,
  FAMILIES,
  failure,
  LOOPBACK,
  peerBeside,
  run,
  serverThat,
} from './metrics-fixture.ts';

const peer = peerBeside({ 'both.test': ['192.0.2.1', '2001:db8::1'], 'four.test': ['192.0.2.1'] });

describe.each(FAMILIES)('dns-resolve over IPv%i', (family) => {
  const address = LOOPBACK[family];

  it('tells an answer, an empty answer, no such name, a closed port and garbage', async () => {
    const at = { server: address, port: peer.dnsPort };
    const resolve = (name: string, parameters: object) =>
      run('dns-resolve', name, family, { ...at, timeoutMs: 500, ...parameters });
    expect(await resolve('both.test', { type: 'AAAA' })).toMatchObject({
      outcome: { status: 'ok' },
      address,
      values: { answers: 1, rcode: 0 },
    });
    expect(await resolve('four.test', { type: 'AAAA' })).toMatchObject({
      ...failure('answer', 'no-aaaa'),
      values: { answers: 0, rcode: 0 },
    });
    expect(await resolve('unknown.test', {})).toMatchObject({
      ...failure('answer', 'nxdomain'),
      values: { answers: 0, rcode: 3 },
    });
    expect(await resolve('both.test', { port: await closedPort(family) })).toMatchObject(
      failure('query', 'refused'),
    );

    const answering = async (answer: (query: Buffer) => Buffer | undefined) => {
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
      socket.on('message', (query, { port, address: to }) => {
        const reply = answer(query);
        if (reply) socket.send(reply, port, to);
      });
      socket.bind(0, address);
      await once(socket, 'listening');
      closeLater(() => socket.close());
      return resolve('both.test', { port: socket.address().port });
    };
    expect(await answering(() => undefined)).toMatchObject(failure('query', 'timeout'));
    expect(await answering(() => Buffer.from('no DNS'))).toMatchObject(
      failure('query', 'malformed'),
    );
    // Another's answer: same name, other id.
    const forged = (query: Buffer) => {
      const { id = 0, questions = [] } = packet.decode(query);
      return packet.encode({ type: 'response', id: (id + 1) & 0xffff, questions });
    };
    expect(await answering(forged)).toMatchObject(failure('query', 'malformed'));
    const servfail = (query: Buffer) => {
      const { id = 0, questions = [] } = packet.decode(query);
      return packet.encode({ type: 'response', id, questions, flags: 2 });
    };
    expect(await answering(servfail)).toMatchObject(failure('answer', 'servfail'));
  });

  describe('truncated over UDP', () => {
    const answers = Array.from({ length: 40 }, (_, index) => ({
      type: 'AAAA' as const,
      name: 'both.test',
      data: `2001:db8::${index + 1}`,
    }));
    const reply = (query: Buffer, flags: number, whole: boolean) => {
      const { id = 0, questions = [] } = packet.decode(query);
      const answer = { type: 'response' as const, id, questions, flags };
      return packet.encode({ ...answer, answers: whole ? answers : [] });
    };
    const framed = (message: Buffer) =>
      Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);

    /** Says TC to every datagram; `greet` is its TCP side, undefined for none. */
    async function truncating(greet: ((socket: Socket) => void) | undefined): Promise<Finding> {
      const port = await serverThat(greet ?? (() => {}), family);
      if (!greet) closeLast();
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
      socket.on('message', (query, { port: to, address: from }) =>
        socket.send(reply(query, packet.TRUNCATED_RESPONSE, false), to, from),
      );
      socket.bind(port, address);
      await once(socket, 'listening');
      closeLater(() => socket.close());
      return run('dns-resolve', 'both.test', family, { server: address, port, timeoutMs: 1_000 });
    }

    it('has the whole answer over TCP, in however many pieces', async () => {
      const drip = (socket: Socket) =>
        socket.once('data', async (query) => {
          const whole = framed(reply(query.subarray(2), 0, true));
          // Somebody else's message goes before.
          socket.write(framed(Buffer.from('noise')));
          for (let at = 0; at < whole.length; at += 100) {
            socket.write(whole.subarray(at, at + 100));
            await new Promise(setImmediate);
          }
        });
      expect(await truncating(drip)).toMatchObject({
        outcome: { status: 'ok' },
        values: { truncated: 1, answers: 40, rcode: 0 },
      });
    });

    it.each<[string, string, ((socket: Socket) => void) | undefined]>([
      ['is closed', 'refused', undefined],
      ['hangs up', 'closed', (socket) => void socket.end()],
      ['is silent', 'timeout', () => {}],
      [
        'says TC again',
        'truncated',
        (socket) => {
          socket.once('data', (query) =>
            socket.write(framed(reply(query.subarray(2), packet.TRUNCATED_RESPONSE, false))),
          );
        },
      ],
      [
        'never ends',
        'malformed',
        (socket) => {
          const more = () => socket.writable && socket.write(Buffer.alloc(65_536), () => more());
          more();
        },
      ],
    ])('says so where TCP %s', async (_, code, greet) => {
      expect(await truncating(greet)).toMatchObject({
        ...failure('query-tcp', code),
        values: { truncated: 1 },
      });
    });
  });
});
