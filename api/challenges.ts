/** Challenges in the store: read, opened, and added to. An event is appended; none is ever changed. */
import { randomInt, randomUUID } from 'node:crypto';
import { requirePlanned } from '../ingest/filing-store.ts';
import { dayOf, monthOf, requireMonth } from '../ingest/month.ts';
import { Refusal } from '../ingest/refusal.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { Store } from '../sql/store.ts';
import {
  AUTHORITY,
  type Challenge,
  type ChallengeEvent,
  type ChallengeRefusal,
  challengeOf,
  challengesOf,
  refusalOf,
} from './challenge.ts';
import type { Opening, Word } from './challenge-request.ts';
import type { EvidenceReader } from './evidence.ts';
import { refuseRetired } from './retirement.ts';
import { STANDING_METHOD } from './standing.ts';
import { declaringTarget, readStandings, type StandingOfPlace } from './standings.ts';

/** Who writes, and when. */
export interface Entry {
  /** The party that writes it down: it may be another's word, as on a letter to the authority. */
  readonly entered: string;
  readonly now: Date;
}

type MeasurementRow = QueryRow<'measurements_named'>;
export type MeasurementKey = Pick<MeasurementRow, 'probe' | 'sequence' | 'start'>;

/** null: there is none, or it was opened later. */
export async function challengeNamed(
  store: Store,
  challenge: string,
  at: Date,
): Promise<Challenge | null> {
  if (challenge === '') return null;
  return challengeOf(await store.query('challenge_events', { month: '', challenge }), at);
}

/** Of a month ('': of every month), first opened first. */
export async function challengesOfMonth(
  store: Store,
  month: string,
  at: Date,
): Promise<Challenge[]> {
  return challengesOf(await store.query('challenge_events', { month, challenge: '' }), at);
}

/**
 * Disputes a standing; what is disputed is noted as it stands.
 *
 * @throws Refusal and Fault `month-malformed`, `month-future`, `month-retired`, `carrier-unknown`,
 * `target-unknown`, `target-declares-nothing`, `place-unknown`, `party-unknown`, `party-foreign`,
 * `challenge-open`, `evidence-unknown`
 */
export function openChallenge(
  reader: EvidenceReader,
  opening: Opening,
  entry: Entry,
): Promise<Challenge> {
  return inTurn(reader.store, () => opened(reader, opening, entry));
}

async function opened(
  reader: EvidenceReader,
  opening: Opening,
  { entered, now }: Entry,
): Promise<Challenge> {
  const { store, plan } = reader;
  const { month, target, place, carrier, party = entered, by, text } = opening;
  requireMonth(month);
  if (month > monthOf(now))
    throw new Refusal(
      400,
      'month-future',
      `${month} 尚未开始,没有可异议的结论`,
      `${month} has not begun: there is nothing to dispute`,
    );
  requirePlanned(
    carrier,
    plan.carriers.map(({ code }) => code),
  );
  requireParty(party, carrier, entered);
  const standing = await standingAt(reader, { month, target, place, carrier }, now);
  const before = (await challengesOfMonth(store, month, now)).find(
    ({ opened, end }) =>
      end === null &&
      opened.target === target &&
      opened.place === place &&
      opened.carrier === carrier &&
      opened.party === party,
  );
  if (before)
    throw new Refusal(
      409,
      'challenge-open',
      `${party} 对此结论已有未决的异议 ${before.id}:补充请记在该异议下`,
      `${party} disputes this standing already, in ${before.id}, which is undecided: add to that one`,
    );
  const evidence = await evidenceOf(store, opening);
  const { replyDays, decisionDays } = plan.challenges;
  const challenge = await freeName(store, now);
  const event: ChallengeEvent = {
    ...blank(),
    ...{ month, challenge, ...stamped(now, null), kind: 'opened', party, by, entered, text },
    ...{ target, place, carrier, ...evidence, replyDays, decisionDays, ...stood(standing) },
  };
  await store.insert('challenge_event', [event]);
  const found = challengeOf([event], now);
  if (!found) throw new Error(`the challenge ${challenge} was not opened`);
  return found;
}

/**
 * Adds a reply, evidence, a decision or a withdrawal.
 *
 * @throws Refusal `challenge-unknown`, `party-unknown`, `party-foreign`, `evidence-unknown`, `line-unknown`, and
 * those of {@link refusalOf}
 */
export function addToChallenge(
  reader: EvidenceReader,
  id: string,
  word: Word,
  entry: Entry,
): Promise<Challenge> {
  return inTurn(reader.store, () => added(reader, id, word, entry));
}

async function added(
  reader: EvidenceReader,
  id: string,
  { kind, party: given, by, text, sets, setsAside, ...references }: Word,
  { entered, now }: Entry,
): Promise<Challenge> {
  const { store } = reader;
  const events = await store.query('challenge_events', { month: '', challenge: id });
  const challenge = id === '' ? null : challengeOf(events, latest(events, now));
  if (!challenge) throw unknownChallenge(id);
  const { month, target, place, carrier } = challenge.opened;
  const party = given ?? entered;
  requireParty(party, carrier, entered);
  refuse(refusalOf(challenge, { kind, party }), challenge, party);
  const evidence = await evidenceOf(store, references);
  const decides = kind === 'upheld' || kind === 'dismissed';
  const standing = decides
    ? await standingAt(reader, { month, target, place, carrier }, now)
    : null;
  const strange = setsAside.find((line) => !standing?.lines.some((one) => one.line === line));
  if (strange !== undefined)
    throw new Refusal(
      404,
      'line-unknown',
      `此结论没有用到线路 ${strange},可用:${standing?.lines.map(({ line }) => line).join('、') || '无'}`,
      `the standing does not rest on a line ${strange}; there are: ${standing?.lines.map(({ line }) => line).join(', ') || 'none'}`,
    );
  const last = challenge.log.at(-1)?.event ?? null;
  const event: ChallengeEvent = {
    ...blank(),
    ...{ month, challenge: id, ...stamped(now, last), kind, party, by, entered, text },
    ...{ target, place, carrier, ...evidence, sets: sets ?? '', setsAside },
    ...(standing && stood(standing)),
  };
  await store.insert('challenge_event', [event]);
  // Another station may have been a moment earlier: then this word stays in the log, without effect.
  const heard = await store.query('challenge_events', { month, challenge: id });
  const after = challengeOf(heard, latest(heard, now));
  const logged = after?.log.find((one) => one.event.event === event.event);
  if (!after || !logged) throw new Error(`${id} lacks what was just said`);
  if (!logged.counts) refuse(refusalOf(after, { kind, party }), after, party);
  return after;
}

/** Of each store, the last that was begun. */
const turns = new WeakMap<Store, Promise<unknown>>();

/** One after the other, so that of two clicks the second finds what the first has written. */
function inTurn<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(store) ?? Promise.resolve()).then(work, work);
  turns.set(store, turn);
  return turn;
}

/** Those of the measurements that the store has. */
export async function measurementsNamed(
  store: Store,
  keys: readonly MeasurementKey[],
): Promise<ReadonlyMap<string, MeasurementRow>> {
  const starts = keys.map(({ start }) => start).sort();
  const [start, end] = [starts[0], starts.at(-1)];
  if (!start || !end) return new Map();
  const rows = await store.query('measurements_named', {
    probes: [...new Set(keys.map(({ probe }) => probe))],
    sequences: [...new Set(keys.map(({ sequence }) => sequence))],
    start,
    end,
  });
  return new Map(rows.map((row) => [measurementKey(row), row]));
}

export function measurementKey({ probe, sequence, start }: MeasurementKey): string {
  return `${probe} ${sequence} ${start}`;
}

export function unknownChallenge(id: string): Refusal {
  const name = id.slice(0, 40);
  return new Refusal(404, 'challenge-unknown', `没有异议 ${name}`, `there is no challenge ${name}`);
}

/** @throws Refusal `party-unknown`, `party-foreign` */
export function requireParty(party: string, carrier: string, entered: string): void {
  if (party !== AUTHORITY && party !== carrier)
    throw new Refusal(
      400,
      'party-unknown',
      `${party.slice(0, 40)} 不是此异议的一方:只有 ${carrier} 与 ${AUTHORITY}`,
      `${party.slice(0, 40)} is no party to it: these are ${carrier} and ${AUTHORITY}`,
    );
  if (entered !== AUTHORITY && entered !== party)
    throw new Refusal(
      403,
      'party-foreign',
      `${entered} 不能替 ${party} 发言`,
      `${entered} cannot speak for ${party}`,
    );
}

interface StandingKey {
  readonly month: string;
  readonly target: string;
  readonly place: string;
  readonly carrier: string;
}

async function standingAt(
  reader: EvidenceReader,
  { month, target: id, place, carrier }: StandingKey,
  now: Date,
): Promise<StandingOfPlace & { readonly import: string }> {
  const found = reader.plan.targets.find((target) => target.id === id);
  if (!found)
    throw new Refusal(
      404,
      'target-unknown',
      `规划中没有目标 ${id},可用:${reader.plan.targets.map((target) => target.id).join('、')}`,
      `the plan has no target ${id}; there are: ${reader.plan.targets.map((target) => target.id).join(', ')}`,
    );
  const target = declaringTarget(found);
  const level = (await reader.register(month)).find(place)?.level;
  if (level !== 'village' && level !== 'hamlet')
    throw new Refusal(
      404,
      'place-unknown',
      `${month} 末的登记册中没有村、社区或自然村 ${place}`,
      `the register has no village or hamlet ${place} at the end of ${month}`,
    );
  await refuseRetired(reader, month);
  const question = { target, month, carrier, within: place, receivedBy: now };
  const { filing, places } = await readStandings(reader, question);
  const [own] = places;
  if (!own) throw new Error(`the village or hamlet ${place} was not judged`);
  return { ...own, import: filing?.import ?? '' };
}

function stood({
  standing,
  rule,
  filing,
  lines,
  import: version,
}: StandingOfPlace & { readonly import: string }) {
  const named = (wanted: boolean) =>
    lines.filter(({ passed }) => passed === wanted).map(({ line }) => line);
  return {
    standing,
    method: STANDING_METHOD,
    ...rule,
    filing: version,
    ...(filing ?? { row: 0, reached: false, technology: '', opticalNode: '' }),
    linesPassed: named(true),
    linesFailed: named(false),
  };
}

/** @throws Refusal `evidence-unknown` */
async function evidenceOf(
  store: Store,
  { measurements, files }: Pick<Opening, 'measurements' | 'files'>,
) {
  const keys = measurements.map(({ probe, sequence, start }) => ({
    ...{ probe, sequence },
    start: new Date(start).toISOString(),
  }));
  const there = await measurementsNamed(store, keys);
  const missing = keys.find((key) => !there.has(measurementKey(key)));
  if (missing)
    throw new Refusal(
      404,
      'evidence-unknown',
      `库中没有这条测量记录:探针 ${missing.probe},序号 ${missing.sequence},开始于 ${missing.start}`,
      `the store has no such measurement: probe ${missing.probe}, sequence ${missing.sequence}, begun at ${missing.start}`,
    );
  return {
    probes: keys.map(({ probe }) => probe),
    sequences: keys.map(({ sequence }) => sequence),
    starts: keys.map(({ start }) => start),
    files: files.map(({ name }) => name),
    fileSha256s: files.map(({ sha256 }) => sha256),
    fileSizesB: files.map(({ sizeB }) => sizeB),
  };
}

const REFUSALS: Readonly<Record<ChallengeRefusal, { status: number; zh: string; en: string }>> = {
  'challenge-exists': { status: 409, zh: '已经提出', en: 'it is open already' },
  'challenge-party': {
    status: 403,
    zh: '轮不到这一方:答复归对方,决定归主管部门,撤回归提出方',
    en: 'this is not for that party: the other side replies, the authority decides, who opened it withdraws',
  },
  'challenge-replied': { status: 409, zh: '已经答复', en: 'it was replied to already' },
  'challenge-reply-awaited': {
    status: 409,
    zh: '对方尚未答复,答复期也未满,不能决定',
    en: 'the other side has not replied and still has time to: no decision before',
  },
  'challenge-decided': { status: 409, zh: '已经决定', en: 'it was decided already' },
  'challenge-withdrawn': { status: 409, zh: '已经撤回', en: 'it was withdrawn' },
};

function refuse(code: ChallengeRefusal | null, { id, replyDue }: Challenge, party: string): void {
  if (code === null) return;
  const { status, zh, en } = REFUSALS[code];
  const due = code === 'challenge-reply-awaited' ? ` (${replyDue.toISOString()})` : '';
  throw new Refusal(status, code, `${party} → ${id}:${zh}${due}`, `${party} → ${id}: ${en}${due}`);
}

/** Another station's clock may be ahead: what it has noted was said all the same. */
function latest(events: readonly ChallengeEvent[], now: Date): Date {
  const last = events.at(-1);
  return last ? new Date(Math.max(now.getTime(), Date.parse(last.at))) : now;
}

/** Later than what was said before, whatever this machine's clock says. */
function stamped(now: Date, last: ChallengeEvent | null) {
  const mine = `${now.toISOString().slice(0, -1)}000Z`;
  const at = last && last.at >= mine ? microsecondAfter(last.at) : mine;
  return { at, event: `${at.replace(/[-:.]/g, '')}-${randomUUID().slice(0, 8)}` };
}

function microsecondAfter(instant: string): string {
  const micros = Date.parse(instant) * 1_000 + Number(instant.slice(23, 26)) + 1;
  return `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, -1)}${String(micros % 1_000).padStart(3, '0')}Z`;
}

/** Of digits and letters that nobody mistakes for each other. */
const LETTERS = '23456789abcdefghjkmnpqrstvwxyz';

/** The day and four letters: short enough for a letterhead. */
async function freeName(store: Store, now: Date): Promise<string> {
  for (;;) {
    const letters = Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    const name = `${dayOf(now).replaceAll('-', '')}-${letters}`;
    const taken = await store.query('challenge_events', { month: '', challenge: name });
    if (taken.length === 0) return name;
  }
}

/** An event of which nothing is said yet. */
function blank() {
  return {
    ...{ probes: [], sequences: [], starts: [], files: [], fileSha256s: [], fileSizesB: [] },
    ...{ replyDays: 0, decisionDays: 0, sets: '', setsAside: [] },
    ...{ standing: '', method: '', minimumRuns: 0, minimumDays: 0, atLeast: 0, filing: '' },
    ...{ row: 0, reached: false, technology: '', opticalNode: '' },
    ...{ linesPassed: [], linesFailed: [] },
  };
}
