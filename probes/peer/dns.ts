/**
 * The peer's DNS side: a responder for a few configured names, so that a probe can tell a name
 * without IPv6 from a query that was dropped.
 *
 * It is no use to an amplifier: it answers one question for A or AAAA, never ANY, never with more
 * than 3 times the bytes that were asked (TC is set instead), and not at all what is no query.
 */
import packet from 'dns-packet';

/** Addresses by name, of both families. */
export type DnsNames = Readonly<Record<string, readonly string[]>>;

const RATIO = 3;
/** RFC 1035 §4.1.1; 0 is a standard query. */
const OPCODE_MASK = 0x7800;
const TTL_S = 60;
const NXDOMAIN = 3;
const NOTIMP = 4;
const REFUSED = 5;

/** The answer to a datagram; undefined for silence. Pure. */
export function answerDns(datagram: Buffer, names: DnsNames): Buffer | undefined {
  let query: packet.DecodedPacket;
  try {
    query = packet.decode(datagram);
  } catch {
    return undefined;
  }
  const [question] = query.questions ?? [];
  // An answer to an answer would let two responders talk for ever.
  if (query.type !== 'query' || !question || query.questions?.length !== 1) return undefined;
  const reply = (rcode: number, answers: packet.Answer[] = [], flags = 0): Buffer =>
    packet.encode({
      type: 'response',
      ...(query.id === undefined ? {} : { id: query.id }),
      flags:
        packet.AUTHORITATIVE_ANSWER |
        ((query.flags ?? 0) & packet.RECURSION_DESIRED) |
        flags |
        rcode,
      questions: [question],
      answers,
    });
  if (((query.flags ?? 0) & OPCODE_MASK) !== 0) return reply(NOTIMP);
  const { name, type } = question;
  const addresses = addressesOf(name, names);
  if (!addresses) return reply(NXDOMAIN);
  if (String(type) === 'ANY' || String(type) === 'UNKNOWN_255') return reply(REFUSED); // RFC 8482 §4
  const wanted = addresses.filter((address) => type === (address.includes(':') ? 'AAAA' : 'A'));
  const full = reply(
    0,
    wanted.map((data) => ({ type: type as 'A' | 'AAAA', name, ttl: TTL_S, data })),
  );
  return full.length <= RATIO * datagram.length ? full : reply(0, [], packet.TRUNCATED_RESPONSE);
}

function addressesOf(name: string, names: DnsNames): readonly string[] | undefined {
  const asked = name.toLowerCase().replace(/\.$/, '');
  return Object.entries(names).find(([known]) => known.toLowerCase() === asked)?.[1];
}
