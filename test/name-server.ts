/** A DNS server for tests, over UDP and TCP: zones with their name servers, beside the names of a peer's. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import packet from 'dns-packet';
import { answerDns, type DnsNames } from '../probes/peer/dns.ts';

export interface NameServerOptions {
  readonly host: string;
  readonly port: number;
  /** Addresses by name. */
  readonly names: DnsNames;
  /** Names of servers, by zone. */
  readonly zones: Readonly<Record<string, readonly string[]>>;
  /** The zones it answers for as their holder; of the others it knows from hearsay. */
  readonly holds?: readonly string[];
  /** Names that are others' aliases. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** What it is asked of these over UDP is answered with TC alone. */
  readonly truncated?: readonly string[];
  /** What it is asked of these is refused. */
  readonly refused?: readonly string[];
}

export interface NameServer {
  readonly port: number;
  close(): void;
}

export async function startNameServer(options: NameServerOptions): Promise<NameServer> {
  const { host } = options;
  const udp = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', ipv6Only: isIPv6(host) });
  udp.on('message', (datagram, from) => {
    const reply = answer(datagram, options, 'udp');
    if (reply) udp.send(reply, from.port, from.address);
  });
  udp.bind(options.port, host);
  await once(udp, 'listening');
  const { port } = udp.address();
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (message: Buffer) => {
      const reply = answer(message.subarray(2), options, 'tcp') ?? Buffer.alloc(0);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.end(Buffer.concat([length, reply]));
    });
  });
  tcp.listen({ host, port, ipv6Only: isIPv6(host) });
  await once(tcp, 'listening');
  const close = () => {
    udp.close();
    tcp.close();
  };
  return { port, close };
}

function answer(
  datagram: Buffer,
  { names, zones, holds = [], aliases = {}, truncated = [], refused = [] }: NameServerOptions,
  over: 'udp' | 'tcp',
): Buffer | undefined {
  const query = packet.decode(datagram);
  const [question] = query.questions ?? [];
  if (question?.type !== 'NS') return answerDns(datagram, names);
  const { name } = question;
  const alias = aliases[name];
  const owner = alias ?? name;
  const isCut = over === 'udp' && truncated.includes(name);
  const servers = isCut || refused.includes(name) ? [] : (zones[owner] ?? []);
  const flags = [
    holds.includes(owner) ? packet.AUTHORITATIVE_ANSWER : 0,
    isCut ? packet.TRUNCATED_RESPONSE : 0,
    refused.includes(name) ? 5 : 0,
  ];
  return packet.encode({
    type: 'response',
    id: query.id ?? 0,
    flags: flags.reduce((all, flag) => all | flag, 0),
    questions: [question],
    answers: [
      ...(alias === undefined ? [] : [{ type: 'CNAME', name, ttl: 60, data: alias } as const]),
      ...servers.map((data) => ({ type: 'NS', name: owner, ttl: 60, data }) as const),
    ],
  });
}
