/** Filings in the store: a version is added, none is replaced, and each month says who is late. */
import { createHash } from 'node:crypto';
import { Fault } from '../probes/fault.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { Store } from '../sql/store.ts';
import { readAreaSheet, readPlaceSheet, sheetKind } from './filing.ts';
import { type Imported, type Origin, type Progress, storeImport } from './import.ts';
import { monthDays, monthOf, monthSpan, requireMonth } from './month.ts';
import { Refusal } from './refusal.ts';
import { loadRegister } from './register.ts';
import { type SheetOfFile, sheetsOfFile } from './sheets-of-file.ts';
import type { RowFault } from './table-file.ts';

export interface FilingRequest {
  readonly carrier: string;
  /** `YYYY-MM`. */
  readonly month: string;
  /** One or both sheets, in files of their own or in one workbook; which is which, their headers say. */
  readonly files: readonly Origin[];
  readonly dryRun: boolean;
}

export interface Filed extends Imported {
  /** From 1; null: nothing was stored. */
  readonly version: number | null;
  readonly warnings: readonly RowFault[];
  readonly warningCount: number;
}

type Version = QueryRow<'filing_versions'>;

export type FilingState = 'on time' | 'late' | 'missing' | 'awaited' | 'resubmitted';

export interface FilingRow {
  readonly carrier: string;
  readonly state: FilingState;
  readonly versions: number;
  /** Of the version that counts; null without one. */
  readonly received: string | null;
  readonly places: number;
  readonly areas: number;
  readonly warnings: number;
}

export interface CountingFiling extends Version {
  /** From 1. */
  readonly version: number;
}

/**
 * The version of a carrier's filing that counts, as known at `at`: the last received; null without any.
 * Pure.
 *
 * @param versions first received first, as the store gives them
 */
export function countingFiling(
  versions: readonly Version[],
  carrier: string,
  at: Date,
): CountingFiling | null {
  return ownVersions(versions, carrier, at).at(-1) ?? null;
}

/**
 * A carrier's versions of a month, each with its number. Pure.
 *
 * @param versions first received first, as the store gives them
 */
export function numberedVersions(versions: readonly Version[], carrier: string): CountingFiling[] {
  return versions
    .filter((version) => version.carrier === carrier)
    .map((version, index) => ({ ...version, version: index + 1 }));
}

function ownVersions(versions: readonly Version[], carrier: string, at: Date): CountingFiling[] {
  return numberedVersions(versions, carrier).filter(({ received }) => new Date(received) <= at);
}

/** The instant from which a filing is late: the end of the due day in the following month, Asia/Shanghai. */
export function filingDue(month: string, dueDay: number): Date {
  return new Date(monthSpan(month).end.getTime() + dueDay * 86_400_000);
}

/**
 * Where every carrier of a plan stands with a month's filing, as known at `at`; later versions are not
 * looked at, so that a sealed month is told the same again. A first version after the due day is late
 * for good; one that came in time and was corrected is `resubmitted`. Pure.
 *
 * @param versions first received first, as the store gives them
 */
export function filingStates(
  versions: readonly Version[],
  carriers: readonly string[],
  due: Date,
  at: Date,
): FilingRow[] {
  return carriers.map((carrier) => {
    const own = ownVersions(versions, carrier, at);
    const [first, latest] = [own[0], own.at(-1)];
    let state: FilingState = at < due ? 'awaited' : 'missing';
    if (first && new Date(first.received) >= due) state = 'late';
    else if (first) state = own.length > 1 ? 'resubmitted' : 'on time';
    return {
      carrier,
      state,
      versions: own.length,
      received: latest?.received ?? null,
      places: latest?.places ?? 0,
      areas: latest?.areas ?? 0,
      warnings: latest?.warnings ?? 0,
    };
  });
}

/**
 * Checks a filing and stores it as a new version, whole or not at all.
 *
 * @throws Fault `carrier-unknown`, `month-malformed`, `month-future`
 * @throws Refusal `filing-sheets` (422), `filing-again` (409), those of {@link sheetsOfFile}
 */
export async function file(
  store: Store,
  { carrier, month, files, dryRun }: FilingRequest,
  carriers: readonly string[],
  now: Date,
  progress?: Progress,
): Promise<Filed> {
  requirePlanned(carrier, carriers);
  requireMonth(month);
  if (month > monthOf(now))
    throw new Fault(
      'month-future',
      `${month} 尚未开始,不能填报`,
      `${month} has not begun and cannot be filed`,
    );
  const given = files.flatMap(sheetsOfFile);
  const places = given.filter(({ sheet }) => sheetKind(sheet) === 'places');
  const areas = given.filter(({ sheet }) => sheetKind(sheet) === 'areas');
  // A workbook with both sheets is one file.
  const origins = [...new Set([...places, ...areas].map(({ origin }) => origin))];
  const [main] = origins;
  if (!main || places.length > 1 || areas.length > 1)
    throw new Refusal(
      422,
      'filing-sheets',
      `请给一份地点表、一份区域表,或其中之一(收到:${given.map(titleOf).join('、') || '无'})`,
      `give one sheet of places, one of areas, or either (there came: ${given.map(titleOf).join(', ') || 'none'})`,
    );

  const bytes = Buffer.concat(origins.map((origin) => origin.bytes));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const versions = (await store.query('filing_versions', { month })).filter(
    (version) => version.carrier === carrier,
  );
  // Going back to an older version is a statement too: only the one that counts is compared.
  if (versions.at(-1)?.sha256 === sha256)
    throw new Refusal(
      409,
      'filing-again',
      `内容与第 ${versions.length} 版相同,已经填报`,
      `the same bytes are filed already, as version ${versions.length}`,
    );

  const context = { month, register: await loadRegister(store, monthDays(month).last) };
  const placeRead = places[0] ? readPlaceSheet(places[0].sheet, context) : null;
  const areaRead = areas[0] ? readAreaSheet(areas[0].sheet, context) : null;
  const named = (from: SheetOfFile | undefined, remarks: readonly RowFault[] = []) =>
    remarks.map((remark) => {
      if (!from || given.length === 1) return remark;
      const title = origins.length > 1 ? titleOf(from) : from.name;
      return { ...remark, zh: `${title}:${remark.zh}`, en: `${title}: ${remark.en}` };
    });
  const faults = [...named(places[0], placeRead?.faults), ...named(areas[0], areaRead?.faults)];
  const faultCount = (placeRead?.faultCount ?? 0) + (areaRead?.faultCount ?? 0);
  const warnings = [
    ...named(places[0], placeRead?.warnings),
    ...named(areas[0], areaRead?.warnings),
  ];
  let warningCount = (placeRead?.warningCount ?? 0) + (areaRead?.warningCount ?? 0);
  const filedNow = new Set(placeRead?.rows.map(({ row }) => row.code));
  for (const warning of [
    leftOut(
      (await lastPlaces(store, carrier, month)).filter(
        (code) => !filedNow.has(code) && context.register.find(code) !== undefined,
      ),
    ),
    withdrawn(
      (await placesOf(store, versions.at(-1))).filter((code) => !filedNow.has(code)),
      placeRead === null,
    ),
  ])
    if (warning) {
      warningCount++;
      warnings.push(warning);
    }

  const rows = (placeRead?.rows.length ?? 0) + (areaRead?.rows.length ?? 0);
  const answer = { rows, faults, faultCount, warnings, warningCount };
  if (faultCount > 0 || dryRun) return { ...answer, import: null, version: null };
  const origin = { ...main, file: origins.map((each) => each.file).join(' + '), bytes };
  const name = await storeImport(
    store,
    { kind: 'filing', origin, now, rows, progress },
    (imported) => {
      const key = { month, carrier, import: imported };
      return [
        {
          table: 'filing_place',
          rows: (placeRead?.rows ?? []).map(({ line, row: { code, name: _, ...cells } }) => ({
            ...key,
            place: code,
            row: line,
            ...cells,
          })),
        },
        {
          table: 'filing_area',
          rows: (areaRead?.rows ?? []).map(({ line, row: { code, name: _, ...cells } }) => ({
            ...key,
            area: code,
            row: line,
            ...cells,
          })),
        },
        {
          table: 'filing',
          rows: [
            {
              ...key,
              sha256,
              received: now.toISOString(),
              places: placeRead?.rows.length ?? 0,
              areas: areaRead?.rows.length ?? 0,
              warnings: warningCount,
            },
          ],
        },
      ];
    },
  );
  return { ...answer, import: name, version: versions.length + 1 };
}

/** Of which file, and of which of its worksheets. */
function titleOf({ origin, name }: SheetOfFile): string {
  return [origin.file, name].filter(Boolean).join(' ');
}

/** @throws Fault `carrier-unknown` for one that is not among the plan's */
export function requirePlanned(carrier: string, carriers: readonly string[]): void {
  if (carriers.includes(carrier)) return;
  throw new Fault(
    'carrier-unknown',
    `规划中没有运营商 ${carrier},可用:${carriers.join('、')}`,
    `the plan has no carrier ${carrier}; there are: ${carriers.join(', ')}`,
  );
}

/** The places of the month before, as its latest version has them. */
async function lastPlaces(store: Store, carrier: string, month: string): Promise<string[]> {
  const before = monthOf(new Date(monthSpan(month).start.getTime() - 1));
  const versions = await store.query('filing_versions', { month: before });
  return placesOf(store, versions.filter((version) => version.carrier === carrier).at(-1));
}

async function placesOf(store: Store, version: Version | undefined): Promise<string[]> {
  if (!version) return [];
  const { month, carrier, import: own } = version;
  const rows = await store.query('filing_place_codes', { month, carrier, import: own });
  return rows.map(({ place }) => place);
}

function leftOut(codes: readonly string[]): RowFault | null {
  if (codes.length === 0) return null;
  return {
    ...ofTheWhole(codes),
    code: 'places-left-out',
    zh: `上月填报的 ${codes.length} 个地点本月未填`,
    en: `${codes.length} places of last month's filing are left out`,
  };
}

/** A version is the whole statement: what the one before declared and this one does not is taken back. */
function withdrawn(codes: readonly string[], sheetLacks: boolean): RowFault | null {
  if (codes.length === 0) return null;
  const [zh, en] = sheetLacks ? ['没有地点表,', ' has no sheet of places and'] : ['', ''];
  return {
    ...ofTheWhole(codes),
    code: 'places-withdrawn',
    zh: `本版${zh}撤回了上一版填报的 ${codes.length} 个地点:缺的表不从上一版沿用`,
    en: `this version${en} takes back ${codes.length} places of the one before: nothing is taken over from it`,
  };
}

function ofTheWhole(codes: readonly string[]): Pick<RowFault, 'line' | 'column' | 'text'> {
  return { line: 1, column: '', text: codes.slice(0, 5).join(' ') };
}
