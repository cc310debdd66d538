/**
 * Asking the station, and asking again every ten seconds while the page is visible. Plain fetch:
 * the browser revalidates by ETag itself, and an unchanged answer redraws nothing.
 */
import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Problem } from '../api/contract/problem.ts';
import { WORDS } from './words.ts';

/** What the reader is told of a question that failed. */
interface Trouble {
  readonly code: string;
  readonly zh: string;
  readonly en: string;
}

export interface Live<T> {
  /** The newest good answer, kept on the page while the next is under way. */
  readonly answer: ReadonlySignal<T | null>;
  /** The question `answer` belongs to. */
  readonly question: ReadonlySignal<string | null>;
  readonly trouble: ReadonlySignal<Trouble | null>;
}

const PERIOD_MS = 10_000;
/** A question unanswered for so long is given up and asked again. */
const PATIENCE_MS = 30_000;
const tick = signal(0);

/** Asks everything again now. */
export function refresh(): void {
  tick.value++;
}

/** Starts the heartbeat; returns what stops it. */
export function keepFresh(): () => void {
  const ask = () => {
    if (document.visibilityState === 'visible') refresh();
  };
  const timer = setInterval(ask, PERIOD_MS);
  document.addEventListener('visibilitychange', ask);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', ask);
  };
}

/**
 * Keeps the answer to a question that may change. A null question asks nothing.
 *
 * @param lasting the answer never changes: it is asked for until it came, not again
 */
export function live<T>(ask: () => string | null, lasting = false): Live<T> {
  const answer: Signal<T | null> = signal(null);
  const answered = signal<string | null>(null);
  const trouble = signal<Trouble | null>(null);
  let current: string | null = null;
  let running: AbortController | null = null;
  let text = '';

  effect(() => {
    tick.value;
    const url = ask();
    if (url === current && (running || (lasting && answered.peek() === url))) return;
    running?.abort();
    current = url;
    if (url === null) {
      running = null;
      trouble.value = null;
      return;
    }
    const controller = new AbortController();
    running = controller;
    read(url, controller.signal)
      .then((got) => {
        if (running !== controller) return;
        if (got !== text || answered.peek() !== url) {
          text = got;
          answer.value = JSON.parse(got) as T;
          answered.value = url;
        }
        trouble.value = null;
      })
      .catch((reason: unknown) => {
        if (running === controller) trouble.value = troubleOf(reason);
      })
      .finally(() => {
        if (running === controller) running = null;
      });
  });
  return { answer, question: answered, trouble };
}

class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detailEn);
    this.problem = problem;
  }
}

async function read(url: string, cancelled: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    signal: AbortSignal.any([cancelled, AbortSignal.timeout(PATIENCE_MS)]),
    headers: { accept: 'application/json' },
  });
  const text = await response.text();
  if (!response.ok) throw new Refused(JSON.parse(text) as Problem);
  return text;
}

function troubleOf(reason: unknown): Trouble {
  if (reason instanceof Refused) {
    const { code, detail, detailEn } = reason.problem;
    return { code, zh: detail, en: detailEn };
  }
  if (reason instanceof SyntaxError) return { code: 'answer-unreadable', ...WORDS.unreadable };
  return { code: 'station-unreachable', ...WORDS.unreachable };
}
