import { describe, expect, it } from 'vitest';
import { movedB } from '../../../probes/transfer/moved.ts';

describe('movedB', () => {
  it('puts the headers to the payload, counted or not, and half as many acknowledgements', () => {
    const payload = { payloadB: 1_448 * 99, underwayB: 1_448, handshakes: 0 };
    expect(movedB(payload, 4)).toBe(100 * 1_500 + 50 * 52);
    expect(movedB({ payloadB: 1_428, underwayB: 1_428, handshakes: 0 }, 6)).toBe(2 * 1_500 + 72);
  });

  it('has four packets a handshake', () => {
    const nothing = { payloadB: 0, underwayB: 0 };
    expect(movedB({ ...nothing, handshakes: 1 }, 4)).toBe(60 + 60 + 52 + 40);
    expect(movedB({ ...nothing, handshakes: 2 }, 6)).toBe(2 * (80 + 80 + 72 + 60));
  });
});
