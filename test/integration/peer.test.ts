import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import packet from 'dns-packet';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_B, testPacket } from '../../probes/net/stamp-packet.ts';
import { type Peer, startPeer } from '../../probes/peer/index.ts';
import { uploadCountSchema } from '../../probes/transfer/upload.ts';

const HOSTS = ['127.0.0.1', '::1'] as const;
const TEST = '0123456789abcdef0123456789abcdef';
const urlOf = (host: string, port: number) => `http://${host === '::1' ? '[::1]' : host}:${port}`;

let peer: Peer;
beforeAll(async () => {
  peer = await startPeer({
    hosts: HOSTS,
    httpPort: 0,
    dnsPort: 0,
    dnsNames: {
      'both.test': ['192.0.2.1', '2001:db8::1'],
      'many.test': Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`),
    },
  });
});
afterAll(() => peer.close());

const fresh = new Agent({ pipelining: 0 });
afterAll(() => fresh.close());

async function get(url: string, options: { method?: 'POST'; body?: Buffer } = {}) {
  const response = await request(url, { ...options, dispatcher: fresh });
  return { ...response, bytes: Buffer.from(await response.body.arrayBuffer()) };
}

describe.each(HOSTS)('over HTTP at %s', (host) => {
  const url = (path: string) => urlOf(host, peer.httpPort) + path;

  it('shows a page for people and one for machines', async () => {
    expect((await get(url('/'))).bytes.toString()).toContain('通达测量对端');
    expect(JSON.parse((await get(url('/healthz'))).bytes.toString())).toEqual({ ok: true });
  });

  it('sends a page of the wanted size', async () => {
    const { statusCode, headers, bytes } = await get(url('/page?bytes=700001'));
    expect([statusCode, headers['content-length'], bytes.length]).toEqual([200, '700001', 700_001]);
  });

  it('sends down the wanted bytes', async () => {
    expect((await get(url('/down?bytes=300000'))).bytes).toHaveLength(300_000);
  });

  it('counts what comes up, over all connections of a test', async () => {
    const body = Buffer.alloc(400_000);
    const test = `/up?test=${host === '::1' ? TEST : TEST.replaceAll('0', 'a')}`;
    const before = uploadCountSchema.parse(JSON.parse(String((await get(url(test))).bytes)));
    expect(before).toEqual({ elapsedMs: 0, totalB: 0, seriesB: [] });
    await Promise.all([1, 2].map(() => get(url(test), { method: 'POST', body })));
    const after = uploadCountSchema.parse(JSON.parse(String((await get(url(test))).bytes)));
    expect(after.totalB).toBe(800_000);
    expect(after.seriesB.reduce((sum, bytes) => sum + bytes)).toBe(800_000);
  });

  it.each([
    ['/page?bytes=0', 400],
    ['/page?bytes=99999999999', 400],
    ['/page?bytes=1e3', 400],
    ['/down?seconds=3600', 400],
    ['/up?test=../../etc', 400],
    ['/up', 400],
    ['/nowhere', 404],
  ])('answers %s with %i, in both languages', async (path, status) => {
    const { statusCode, bytes } = await get(url(path));
    expect(statusCode).toBe(status);
    expect(JSON.parse(bytes.toString())).toEqual({
      code: expect.stringMatching(/^[a-z-]+$/),
      zh: expect.stringMatching(/\p{Script=Han}/u),
      en: expect.any(String),
    });
  });
});

describe.each(HOSTS)('over LibreSpeed’s paths at %s', (host) => {
  const url = (path: string) => urlOf(host, peer.httpPort) + path;

  it.each(['/garbage.php', '/garbage', '/backend/garbage.php'])('%s sends MiB', async (path) => {
    const { headers, bytes } = await get(url(`${path}?ckSize=2`));
    expect(bytes).toHaveLength(2 << 20);
    expect(headers['content-length']).toBe(`${2 << 20}`);
    expect(headers['cache-control']).toContain('no-store');
  });

  it.each([
    ['', 4],
    ['?ckSize=0', 1],
    ['?ckSize=-3', 1],
    ['?ckSize=many', 4],
    ['?ckSize=1.9', 1],
    ['?ckSize=99999', 1_024],
  ])('garbage.php%s is %i MiB', async (query, mebibytes) => {
    const { headers, body } = await request(url(`/garbage.php${query}`), { dispatcher: fresh });
    expect(headers['content-length']).toBe(`${mebibytes << 20}`);
    body.on('error', () => {}).destroy();
  });

  it('empty takes what comes, and says nothing', async () => {
    const body = Buffer.alloc(3_000_000);
    for (const path of ['/empty.php', '/empty', '/backend/empty.php?r=0.5']) {
      expect((await get(url(path), { method: 'POST', body })).statusCode).toBe(200);
      expect((await get(url(path))).bytes).toHaveLength(0);
    }
  });

  it('getIP says who asks, as text and as JSON', async () => {
    expect(String((await get(url('/getIP.php'))).bytes)).toBe(host);
    const { processedString } = JSON.parse(String((await get(url('/getIP?isp=true'))).bytes));
    expect(processedString).toBe(host);
  });

  it('lets pages of other origins in when they ask', async () => {
    const asked = await get(url('/empty.php?cors=true'));
    expect(asked.headers['access-control-allow-origin']).toBe('*');
    expect((await get(url('/empty.php'))).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });
});

describe.each(HOSTS)('over STAMP at %s', (host) => {
  const packet = (sequence: number, sizeB = BASE_B) =>
    testPacket({ sequence, sentNs: 1n, session: 7, sizeB });

  it('reflects, and never more than it got', async () => {
    const sent = [packet(0), packet(1, 1_400)];
    const replies = await datagrams(host, peer.stampPort, sent);
    expect(replies.map(({ length }) => length)).toEqual([BASE_B, 1_400]);
    expect(replies.map((reply) => reply.readUInt32BE(24))).toEqual([0, 1]);
    // An answer brought back to it, too little, nothing, another protocol.
    const wrong = [...replies, packet(0).subarray(0, 43), Buffer.alloc(0), query('both.test', 'A')];
    expect(await datagrams(host, peer.stampPort, wrong)).toEqual([]);
  });
});

describe('limits', () => {
  const limited = async (
    limits: NonNullable<Parameters<typeof startPeer>[0]['limits']>,
    work: (peer: Peer) => Promise<void>,
  ) => {
    const own = await startPeer({ hosts: ['127.0.0.1'], httpPort: 0, dnsPort: 0, limits });
    await work(own).finally(() => own.close());
  };

  it('turns away a download too many with 503, and has room again when one ends', () =>
    limited({ downloads: 1 }, async ({ httpPort }) => {
      const url = `${urlOf('127.0.0.1', httpPort)}/down`;
      const first = await request(`${url}?seconds=10`, { dispatcher: fresh });
      const refused = await get(`${url}?bytes=10`);
      expect(refused.statusCode).toBe(503);
      expect(refused.headers['retry-after']).toBe('10');
      first.body.on('error', () => {});
      first.body.destroy();
      await expect
        .poll(async () => (await get(`${url}?bytes=10`)).statusCode, { timeout: 5_000 })
        .toBe(200);
    }));

  it('turns away an upload test too many with 503', () =>
    limited({ uploads: 1 }, async ({ httpPort }) => {
      const url = `${urlOf('127.0.0.1', httpPort)}/up?test=`;
      expect((await get(`${url}${'a'.repeat(32)}`)).statusCode).toBe(200);
      expect((await get(`${url}${'b'.repeat(32)}`)).statusCode).toBe(503);
      expect((await get(`${url}${'a'.repeat(32)}`)).statusCode).toBe(200);
    }));

  it('answers too many requests with 429', () =>
    limited({ requestsPerMinute: 3 }, async ({ httpPort }) => {
      const statuses: number[] = [];
      for (let index = 0; index < 4; index++)
        statuses.push((await get(urlOf('127.0.0.1', httpPort))).statusCode);
      expect(statuses).toEqual([200, 200, 200, 429]);
    }));

  it.each(['garbage', 'empty'])('turns away one too many of LibreSpeed’s %s', (path) =>
    limited({ downloads: 0 }, async ({ httpPort }) => {
      const { statusCode, headers } = await get(`${urlOf('127.0.0.1', httpPort)}/${path}`);
      expect([statusCode, headers['retry-after']]).toEqual([503, '10']);
    }),
  );

  it('ends what LibreSpeed posts at its limit of bytes', () =>
    limited({ testB: 1_000_000 }, async ({ httpPort }) => {
      const body = Buffer.alloc(8_000_000);
      const url = `${urlOf('127.0.0.1', httpPort)}/empty.php`;
      await expect(get(url, { method: 'POST', body })).rejects.toThrow();
    }));

  it('relays nothing', () =>
    limited({}, async ({ httpPort }) => {
      const says = async (text: string) => {
        const socket = connect(httpPort, '127.0.0.1');
        socket.on('error', () => {});
        socket.write(`${text}\r\nhost: elsewhere.test\r\nconnection: close\r\n\r\n`);
        let answer = '';
        socket.on('data', (chunk) => {
          answer += chunk;
        });
        await once(socket, 'close');
        return answer;
      };
      expect(await says('CONNECT 127.0.0.1:22 HTTP/1.1')).toBe('');
      // Its own page, whoever's was asked for.
      expect(await says('GET http://elsewhere.test/healthz HTTP/1.1')).toContain('{"ok":true}');
    }));

  it('is silent on too many STAMP packets', () =>
    limited({ reflectionsPerS: 2 }, async ({ stampPort }) => {
      const sent = [0, 1, 2, 3].map((sequence) =>
        testPacket({ sequence, sentNs: 1n, session: 7, sizeB: BASE_B }),
      );
      expect(await datagrams('127.0.0.1', stampPort, sent)).toHaveLength(2);
    }));

  it('is silent on too many queries', () =>
    limited({ queriesPerS: 1 }, async ({ dnsPort }) => {
      const replies = await ask('127.0.0.1', dnsPort, [
        query('a.test', 'A', 1),
        query('a.test', 'A', 2),
      ]);
      expect(replies.map(({ id }) => id)).toEqual([1]);
    }));
});

describe.each(HOSTS)('over DNS at %s', (host) => {
  const one = async (datagram: Buffer) => (await ask(host, peer.dnsPort, [datagram]))[0];

  it('answers both types for the names it knows', async () => {
    expect((await one(query('both.test', 'A')))?.answers).toMatchObject([{ data: '192.0.2.1' }]);
    expect((await one(query('BOTH.test', 'AAAA')))?.answers).toMatchObject([
      { data: '2001:db8::1' },
    ]);
  });

  it('tells a name without such a record from a name it does not know', async () => {
    const none = await one(query('many.test', 'AAAA'));
    expect([none?.rcode, none?.answers]).toEqual(['NOERROR', []]);
    expect((await one(query('unknown.test', 'AAAA')))?.rcode).toBe('NXDOMAIN');
  });

  it('is no amplifier', async () => {
    const asked = query('many.test', 'A');
    const [answer] = await datagrams(host, peer.dnsPort, [asked]);
    expect(answer?.length).toBeLessThanOrEqual(3 * asked.length);
    expect(packet.decode(answer ?? Buffer.alloc(0)).flag_tc).toBe(true);
    const any = Buffer.from(query('both.test', 'A'));
    any.writeUInt16BE(255, any.length - 4);
    expect(await one(any)).toMatchObject({ rcode: 'REFUSED', answers: [] });
  });

  it('does not answer what is no query, nor an answer', async () => {
    const reply = packet.encode({ type: 'response', id: 9, questions: [{ name: 'a', type: 'A' }] });
    expect(await datagrams(host, peer.dnsPort, [Buffer.from('garbage'), reply])).toEqual([]);
  });
});

describe('closing', () => {
  it('ends tests in progress and frees all ports', async () => {
    const own = await startPeer({ hosts: HOSTS, httpPort: 0, dnsPort: 0 });
    const socket = connect(own.httpPort, '::1');
    socket.on('error', () => {});
    socket.write('GET /down?seconds=10 HTTP/1.1\r\nhost: peer\r\n\r\n');
    await once(socket, 'data');
    socket.resume();
    const closed = once(socket, 'close');
    await own.close();
    await closed;
    const { close: _, ...ports } = own;
    const again = await startPeer({ hosts: HOSTS, ...ports });
    expect(again).toMatchObject(ports);
    await again.close();
  });

  it('leaves nothing open when a port is taken', async () => {
    for (const side of ['dnsPort', 'iperfPort', 'stampPort'] as const) {
      const taken = { hosts: HOSTS, httpPort: 0, dnsPort: 0, [side]: peer[side] };
      await expect(startPeer(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }
  });
});

function query(name: string, type: 'A' | 'AAAA', id = 7): Buffer {
  return packet.encode({ type: 'query', id, questions: [{ name, type }] });
}

async function ask(host: string, port: number, queries: readonly Buffer[]) {
  const replies = await datagrams(host, port, queries);
  return replies.map((reply) => packet.decode(reply) as packet.DecodedPacket & { rcode: string });
}

/** What comes back; long enough on loopback to tell silence from an answer. */
async function datagrams(host: string, port: number, sent: readonly Buffer[]): Promise<Buffer[]> {
  const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
  const replies: Buffer[] = [];
  socket.on('message', (datagram) => replies.push(datagram));
  socket.connect(port, host);
  await once(socket, 'connect');
  for (const datagram of sent) socket.send(datagram);
  await new Promise((resolve) => setTimeout(resolve, 200));
  socket.close();
  return replies;
}
