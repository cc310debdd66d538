/** A request that is refused: a fault with the HTTP status it takes (RFC 9110 §15). */
import { Fault } from '../probes/fault.ts';

export class Refusal extends Fault {
  readonly status: number;
  /** When to try again; only where trying again is the cure. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, code: string, zh: string, en: string, retryAfterS?: number) {
    super(code, zh, en);
    this.name = 'Refusal';
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}
