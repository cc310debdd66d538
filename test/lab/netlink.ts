/**
 * The few netlink messages of NFQUEUE (linux/netfilter/nfnetlink_queue.h) that the delay needs,
 * as bytes. Netlink headers are in the machine's order (little-endian on every machine Node has a
 * prebuilt koffi for), nfnetlink payloads in network order.
 */

const NFNL_SUBSYS_QUEUE = 3 << 8;
const NFQNL_MSG_PACKET = NFNL_SUBSYS_QUEUE;
const NFQNL_MSG_CONFIG = NFNL_SUBSYS_QUEUE | 2;
const NFQNL_MSG_VERDICT_BATCH = NFNL_SUBSYS_QUEUE | 3;
const NLMSG_ERROR = 2;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;

const NFQA_PACKET_HDR = 1;
const NFQA_VERDICT_HDR = 2;
const NFQA_CFG_CMD = 1;
const NFQA_CFG_PARAMS = 2;
const NFQA_CFG_QUEUE_MAXLEN = 3;
const NFQA_CFG_MASK = 4;
const NFQA_CFG_FLAGS = 5;
/** Let packets pass when the queue is full, and hand over 64 kB segments whole. */
const FAIL_OPEN_AND_GSO = 1 | 4;

const HEADER_B = 16 + 4;

function attribute(type: number, payload: Buffer): Buffer {
  const padded = Buffer.alloc((4 + payload.length + 3) & ~3);
  padded.writeUInt16LE(4 + payload.length, 0);
  padded.writeUInt16LE(type, 2);
  payload.copy(padded, 4);
  return padded;
}

function uint32BE(...words: number[]): Buffer {
  const buffer = Buffer.alloc(4 * words.length);
  for (const [index, word] of words.entries()) buffer.writeUInt32BE(word, 4 * index);
  return buffer;
}

function message(type: number, flags: number, queue: number, attributes: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_B);
  header.writeUInt32LE(HEADER_B + attributes.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(NLM_F_REQUEST | flags, 6);
  header.writeUInt16BE(queue, 18);
  return Buffer.concat([header, attributes]);
}

/**
 * Takes over a queue: bind, copy no payload (a delay needs only ids), room for `maxLength` packets.
 * Each message is to be answered by `errorOf(...) === 0` before the next is sent.
 */
export function takeQueue(queue: number, maxLength: number): Buffer[] {
  const configure = (attributes: Buffer) => message(NFQNL_MSG_CONFIG, NLM_F_ACK, queue, attributes);
  const bind = Buffer.from([1, 0, 0, 0]);
  const copyMeta = Buffer.from([0, 0, 0, 0, 1]);
  return [
    configure(attribute(NFQA_CFG_CMD, bind)),
    configure(attribute(NFQA_CFG_PARAMS, copyMeta)),
    configure(attribute(NFQA_CFG_QUEUE_MAXLEN, uint32BE(maxLength))),
    configure(
      Buffer.concat([
        attribute(NFQA_CFG_MASK, uint32BE(FAIL_OPEN_AND_GSO)),
        attribute(NFQA_CFG_FLAGS, uint32BE(FAIL_OPEN_AND_GSO)),
      ]),
    ),
  ];
}

/** The errno of a netlink acknowledgement, 0 for success; null where the message is none. */
export function errorOf(answer: Buffer): number | null {
  if (answer.readUInt16LE(4) !== NLMSG_ERROR) return null;
  return -answer.readInt32LE(16) || 0;
}

/** A message to be filled in again and again: accepts a queue's packets up to and with an id. */
export function acceptUpTo(queue: number): { message: Buffer; setId(id: number): void } {
  const NF_ACCEPT = 1;
  const verdict = attribute(NFQA_VERDICT_HDR, uint32BE(NF_ACCEPT, 0));
  const whole = message(NFQNL_MSG_VERDICT_BATCH, 0, queue, verdict);
  return { message: whole, setId: (id) => void whole.writeUInt32BE(id, whole.length - 4) };
}

/**
 * The id of a queued packet, −1 where the message is not one. The kernel puts the packet's header
 * first among the attributes.
 */
export function packetId(datagram: Buffer): number {
  if (datagram.readUInt16LE(4) !== NFQNL_MSG_PACKET) return -1;
  if (datagram.readUInt16LE(HEADER_B + 2) !== NFQA_PACKET_HDR) return -1;
  return datagram.readUInt32BE(HEADER_B + 4);
}

/** The queue a packet lies in. */
export function packetQueue(datagram: Buffer): number {
  return datagram.readUInt16BE(18);
}
