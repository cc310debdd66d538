/** What a transfer took of a data allowance. Pure. */
import type { Family } from '../measurement.ts';

const PACKET_B = 1_500;
const TCP_B = 20 + 12;
const IP_B = { 4: 20, 6: 40 } as const;
/** SYN and SYN/ACK with options (40), ACK (32), RST (20). */
const HANDSHAKE_TCP_B = 2 * 40 + 32 + 20;

export interface Moved {
  /** TCP payload that was counted. */
  readonly payloadB: number;
  /** TCP payload that was still on its way when counting ended. */
  readonly underwayB: number;
  /** Connections that carried nothing. */
  readonly handshakes: number;
}

/**
 * IP bytes, both ways: what was counted and what was under way, in packets of 1500 bytes with TCP
 * timestamps, acknowledged two at a time (RFC 5681 §4.2). An estimate; it leaves out what was lost
 * and sent again.
 */
export function movedB({ payloadB, underwayB, handshakes }: Moved, family: Family): number {
  const headerB = IP_B[family] + TCP_B;
  const packets = (payloadB + underwayB) / (PACKET_B - headerB);
  const acknowledgements = packets / 2;
  return Math.round(
    packets * PACKET_B +
      acknowledgements * headerB +
      handshakes * (4 * IP_B[family] + HANDSHAKE_TCP_B),
  );
}
