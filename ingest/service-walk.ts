/**
 * The walk: the registered services of a probe's area, put into its instruction as the schedule
 * `services`. What users there are offered is looked at from where they are, without anybody writing a
 * task for it.
 */
import { createHash } from 'node:crypto';
import type { Task } from '../probes/instruction.ts';
import type { Family } from '../probes/measurement.ts';
import type { Store } from '../sql/store.ts';
import type { Binding } from './binding.ts';
import { hostOf, portOf } from './domain-name.ts';
import { grouped } from './grouped.ts';
import { Library, SERVICE_LEVELS, type ServiceRow } from './library.ts';
import { dayOf } from './month.ts';

/** Name of the schedule; no schedule of the configuration may be called so beside it. */
export const SERVICE_SCHEDULE = 'services';

export interface WalkRule {
  /** At most so many services a probe and day; 0: none are walked. */
  readonly perProbe: number;
  readonly periodS: number;
  /** Whether a service's name may lead into private space. */
  readonly allowPrivate: boolean;
}

export interface Walk {
  readonly name: typeof SERVICE_SCHEDULE;
  readonly periodS: number;
  readonly tasks: Task[];
}

interface Step {
  readonly name: string;
  readonly metric: string;
  readonly family: Family;
  readonly target: (service: ServiceRow) => string;
  readonly parameters: Task['parameters'];
  /** Whether it is done only where the library says that the service is offered over the step's family. */
  readonly whereOffered?: boolean;
}

const ofHost = ({ url }: ServiceRow) => hostOf(url);
const ofPort = ({ url }: ServiceRow) => `${hostOf(url)}:${portOf(url)}`;
const ofPage = ({ url }: ServiceRow) => url;

/**
 * What is asked of each service, in this order: what `sql/indicators/ipv6-services.sql` judges, whatever
 * the library says of its families, and the page over IPv4, by which `five-level-reach.sql` and
 * `converged-service-reach.sql` know one that has no IPv6. The ladder says where and why the way over IPv6
 * ends; no indicator is drawn from it, and it is climbed where IPv6 is said to be offered.
 */
const STEPS: readonly Step[] = [
  {
    // Asked over IPv4: a name's records are the same whichever way the resolver is asked.
    ...{ name: 'aaaa', metric: 'dns-resolve', family: 4, target: ofHost },
    parameters: { type: 'AAAA' },
  },
  {
    name: 'connect-v6',
    metric: 'tcp-connect',
    family: 6,
    target: ofPort,
    parameters: { count: 1 },
  },
  { name: 'page-v6', metric: 'http-fetch', family: 6, target: ofPage, parameters: {} },
  {
    ...{ name: 'page-v4', metric: 'http-fetch', family: 4, target: ofPage, parameters: {} },
    whereOffered: true,
  },
  {
    ...{ name: 'ladder', metric: 'ipv6-ladder', family: 6, target: ofPage },
    parameters: { pairs: 1, links: 3 },
    whereOffered: true,
  },
];

/**
 * The services whose area covers a place, at most so many: of the five levels in turn, so that none is
 * left out for the many of another, and within a level by a hash of day, probe and service, so that probes
 * share the work among them and over the days every service has its turn. Pure.
 *
 * @param services registered on `day`
 */
export function servicesFor(
  probe: string,
  place: string,
  day: string,
  services: readonly ServiceRow[],
  most: number,
): ServiceRow[] {
  const covering = services
    .filter(({ area, url }) => place.startsWith(area) && url !== '')
    .map((service) => ({ service, rank: hash(`${day}\n${probe}\n${service.name}`) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ service }) => service);
  const levels = grouped(covering, ({ level }) => level);
  const chosen: ServiceRow[] = [];
  for (let turn = 0; turn < covering.length && chosen.length < most; turn++)
    for (const level of SERVICE_LEVELS) {
      const next = levels.get(level)?.[turn];
      if (next && chosen.length < most) chosen.push(next);
    }
  // In one order, whatever the hash says: the same services are the same instruction.
  return chosen.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The tasks of a walk. Pure. */
export function walkTasks(services: readonly ServiceRow[], allowPrivate = false): Task[] {
  // Said only where it is so: a probe of before does not know the word. A question goes nowhere private.
  const policy = (metric: string) =>
    allowPrivate && metric !== 'dns-resolve' ? { allowPrivate } : {};
  return services.flatMap((service) =>
    STEPS.filter(
      ({ family, whereOffered }) => !whereOffered || service.families.includes(family),
    ).map(({ name, metric, family, target, parameters }) => ({
      name: `${taskName(service.name)}-${name}`,
      ...{ metric, family, target: target(service) },
      parameters: { ...parameters, ...policy(metric) },
    })),
  );
}

/** A name of the DNS as part of a task's: legible, short, and another for every name. */
function taskName(name: string): string {
  const legible = name.replaceAll(/[^a-z0-9]+/g, '-').slice(0, 40);
  return `${legible}-${hash(name).slice(0, 8)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What the store said is good for this long: an import shows in instructions within it. */
const KEEP_MS = 5_000;

/** What there is to walk, as the store last said. */
interface Known {
  /** Another text, other services or own lines. */
  readonly text: string;
  readonly library: Library;
  readonly own: ReadonlySet<string>;
  /** By probe, place and day: hashing thousands of services for thousands of probes is done once a day. */
  readonly walks: Map<string, Walk | null>;
}

/** Walks kept; beyond, all are drawn anew. */
const WALKS_KEPT = 10_000;

/** What each probe walks today; drawn anew once the library, or which lines are the station's, is otherwise. */
export class ServiceWalks {
  readonly #store: Store;
  readonly #rule: WalkRule;
  #known: Promise<Known> | null = null;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(store: Store, rule: WalkRule) {
    this.#store = store;
    this.#rule = rule;
  }

  /** null: there is nothing to walk. The station's own line is never sent outside. */
  async of(probe: string, binding: Binding | null, now: Date): Promise<Walk | null> {
    const { perProbe, periodS, allowPrivate } = this.#rule;
    if (perProbe === 0 || !binding) return null;
    const { library, own, walks } = await this.#read(now.getTime());
    if (own.has(binding.line)) return null;
    const day = dayOf(now);
    const key = `${probe} ${binding.place} ${day}`;
    const kept = walks.get(key);
    if (kept !== undefined) return kept;
    const chosen = servicesFor(probe, binding.place, day, library.servicesOn(day), perProbe);
    const tasks = walkTasks(chosen, allowPrivate);
    const walk = tasks.length === 0 ? null : ({ name: SERVICE_SCHEDULE, periodS, tasks } as const);
    if (walks.size >= WALKS_KEPT) walks.clear();
    walks.set(key, walk);
    return walk;
  }

  #read(nowMs: number): Promise<Known> {
    if (this.#known && nowMs - this.#readMs < KEEP_MS) return this.#known;
    this.#readMs = nowMs;
    const before = this.#known;
    const reading = this.#renewed(before);
    this.#known = reading;
    reading.catch(() => {
      if (this.#known === reading) this.#known = null;
    });
    return reading;
  }

  async #renewed(before: Promise<Known> | null): Promise<Known> {
    const [services, lines] = await Promise.all([
      this.#store.query('library_services', {}),
      this.#store.query('own_lines', {}),
    ]);
    const text = JSON.stringify([services, lines]);
    // What became of an earlier reading is no fault of this one.
    const known = await before?.catch(() => null);
    if (known?.text === text) return known;
    const own = new Set(lines.map(({ line }) => line));
    return { text, own, library: new Library([], services), walks: new Map() };
  }
}
