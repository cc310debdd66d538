/** http-fetch against a peer, and against servers that stall, lie and never end. */
import { describe, expect, it } from 'vitest';
import { outcomeSchema } from '../../probes/measurement.ts';
import { chance } from '../chance.ts';
import {
  closedPort,
  FAMILIES,
  failure,
  hostOf,
  LOOPBACK,
  peerBeside,
  run,
  serverThat,
} from './metrics-fixture.ts';

const peer = peerBeside();

describe.each(FAMILIES)('http-fetch over IPv%i', (family) => {
  const address = LOOPBACK[family];
  const host = hostOf(family);

  it('reads a whole page, phase by phase', async () => {
    const url = `http://${host}:${peer.httpPort}`;
    const { outcome, values, ...rest } = await run('http-fetch', `${url}/page`, family);
    expect({ outcome, ...rest }).toEqual({ outcome: { status: 'ok' }, address });
    expect(values).toMatchObject({ status: 200, bodyB: 200_000 });
    expect(Object.keys(values)).toEqual(
      expect.arrayContaining(['connectMs', 'firstByteMs', 'totalMs']),
    );
    expect(values).not.toHaveProperty('dnsMs');
    expect(values).not.toHaveProperty('tlsMs');
    expect(await run('http-fetch', `${url}/nowhere`, family)).toMatchObject(
      failure('status', 'http-404'),
    );
    const closed = `http://${host}:${await closedPort(family)}/`;
    expect(await run('http-fetch', closed, family)).toMatchObject(failure('connect', 'refused'));
  });

  it.each([
    ['is silent', '', 'header', 'timeout'],
    ['talks garbage', 'SSH-2.0-OpenSSH_9.2\r\n', 'header', 'malformed'],
    ['stalls in the header', 'HTTP/1.1 200 OK\r\ncontent-', 'header', 'timeout'],
    [
      'stalls in the body, as behind a path-MTU black hole',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123',
      'body',
      'timeout',
    ],
  ])('is bounded by its time limit with a server that %s', async (_, says, ...how) => {
    const port = await serverThat((socket) => socket.write(says), family);
    const finding = await run('http-fetch', `http://${host}:${port}/`, family, { timeoutMs: 400 });
    expect(finding).toMatchObject(failure(how[0] ?? '', how[1] ?? ''));
    expect(finding.values).toHaveProperty('connectMs');
  });

  it('tells a page that ends before its length from a whole one', async () => {
    const header = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n';
    const short = await serverThat((socket) => socket.end(`${header}123`), family);
    expect(await run('http-fetch', `http://${host}:${short}/`, family)).toMatchObject({
      ...failure('body', 'closed'),
      values: { status: 200, bodyB: 3 },
    });
    const hangUp = await serverThat((socket) => socket.end(), family);
    expect(await run('http-fetch', `http://${host}:${hangUp}/`, family)).toMatchObject(
      failure('header', 'closed'),
    );
    const long = await serverThat((socket) => socket.end(`${header}123456789more`), family);
    expect((await run('http-fetch', `http://${host}:${long}/`, family)).values.bodyB).toBe(9);
  });

  it('is bounded in bytes with a body that never ends', async () => {
    const url = `http://${host}:${peer.httpPort}/down`;
    const finding = await run('http-fetch', url, family, { limitB: 1_000_000 });
    expect(finding).toMatchObject(failure('body', 'body-limit'));
    expect(finding.values.bodyB).toBeGreaterThan(1_000_000);
  });

  it.each([
    [
      'headers without end',
      'HTTP/1.1 200 OK\r\n',
      'x-more: and more\r\n',
      'header',
      'header-limit',
    ],
    ['interim answers without end', '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'header', 'byte-limit'],
    [
      'a chunk header without end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;a=',
      'b'.repeat(1_000),
      'body',
      'byte-limit',
    ],
  ])('is bounded in bytes with %s', async (_, first, more, stage, code) => {
    const port = await serverThat((socket) => {
      const block = more.repeat(Math.ceil(65_536 / more.length));
      const pump = () => socket.writable && socket.write(block, () => pump());
      socket.write(first);
      pump();
    }, family);
    const url = `http://${host}:${port}/`;
    expect(await run('http-fetch', url, family, { limitB: 100_000 })).toMatchObject(
      failure(stage, code),
    );
  });

  it.each([
    ['two lengths', 'content-length: 3\r\ncontent-length: 4', 'incomplete'],
    ['no number for a length', 'content-length: many', 'malformed'],
    ['a length and chunks', 'content-length: 3\r\ntransfer-encoding: chunked', 'incomplete'],
  ])('does not take a page with %s for whole', async (_, headers, code) => {
    const says = `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n123`;
    const port = await serverThat((socket) => socket.end(says), family);
    expect(await run('http-fetch', `http://${host}:${port}/`, family)).toMatchObject(
      failure('header', code),
    );
  });

  it('has a finding for every answer, however mutilated', async () => {
    const good = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\nlocation: /x\r\n\r\nhello';
    const dice = chance(family);
    const port = await serverThat((socket) => {
      const bytes = [...Buffer.from(good)];
      for (let count = 1 + dice.below(2); count > 0; count--)
        bytes.splice(dice.below(bytes.length), dice.below(4), dice.below(256));
      socket.end(Buffer.from(bytes));
    }, family);
    const url = `http://${host}:${port}/`;
    const stages = new Set<string>();
    for (let round = 0; round < 150; round++) {
      const { outcome } = await run('http-fetch', url, family, { timeoutMs: 500, redirects: 1 });
      expect(outcomeSchema.safeParse(outcome).success).toBe(true);
      expect(outcome.status).not.toBe('skipped');
      stages.add(outcome.status === 'failed' ? outcome.stage : 'ok');
      if (outcome.status === 'failed') expect(outcome.code).not.toBe('unexpected');
    }
    expect([...stages]).toEqual(expect.arrayContaining(['ok', 'header', 'body']));
  });

  it('does not follow a redirect', async () => {
    const port = await serverThat(
      (socket) =>
        socket.end(
          'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
        ),
      family,
    );
    expect(await run('http-fetch', `http://${host}:${port}/`, family)).toMatchObject({
      outcome: { status: 'ok' },
      values: { status: 302 },
    });
  });

  it('tells a server without TLS', async () => {
    const finding = await run('http-fetch', `https://${host}:${peer.httpPort}/`, family);
    expect(finding.outcome).toMatchObject({ status: 'failed', stage: 'tls' });
  });
});
