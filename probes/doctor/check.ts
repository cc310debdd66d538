/** What a check of the doctor is: one file, one line in `index.ts`. It looks, and changes nothing. */
import type { AgentConfig } from '../agent.ts';
import type { Title } from '../metric.ts';

/** `warning`: the probe works, with less than it could have. `unknown`: there was nothing to look at. */
export type Health = 'good' | 'warning' | 'bad' | 'unknown';

export interface Verdict {
  /** What was looked at: a stable name. */
  readonly name: string;
  readonly health: Health;
  readonly found: Title;
  /** What to do; of a `warning` and of what is `bad`. */
  readonly cure?: Title;
  /** With units in the names. */
  readonly figures?: Readonly<Record<string, number | string | boolean | null>>;
}

export interface Patient {
  /** null where none was given: what needs one is then `unknown`. */
  readonly config: AgentConfig | null;
  readonly signal: AbortSignal;
}

/** A check never throws: what goes wrong while it looks is what it finds. */
export type Check = (patient: Patient) => Promise<Verdict[]>;

export function unconfigured(name: string): Verdict {
  return {
    name,
    health: 'unknown',
    found: {
      zh: '没有配置,未检查:请用 --config 指明',
      en: 'there is no configuration, not looked at: give --config',
    },
  };
}

/** Code or message of whatever was thrown. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
