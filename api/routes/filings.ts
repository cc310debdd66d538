/**
 * `GET /v1/filings`: whether every carrier of the plan has filed a month, in time, late or not yet; and
 * what was filed, row by row and from version to version; and the sheets to fill in.
 */
import { type Context, Hono } from 'hono';
import type { SheetKind } from '../../ingest/filing.ts';
import type { SheetDiff } from '../../ingest/filing-diff.ts';
import {
  type CountingFiling,
  countingFiling,
  filingDue,
  filingStates,
} from '../../ingest/filing-store.ts';
import { isMonth } from '../../ingest/month.ts';
import type {
  FiledAreaRow,
  FiledPage,
  FiledPlaceRow,
  FiledRow,
  FiledSheetDiff,
  FilingDiff,
  FilingList,
  StandingFiling,
} from '../contract/filing.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { type FiledVersionKey, filedAreas, filedPlaces } from '../filed.ts';
import { compareVersions } from '../filing-comparison.ts';
import { filingTemplate, filingWorkbook } from '../filing-template.ts';
import { WORKBOOK_TYPE } from '../workbook-file.ts';
import {
  codeCursorOfRequest,
  countOfRequest,
  malformed,
  monthOfRequest,
  placeOfRequest,
  receivedByOfRequest,
  requireCarrier,
} from './request.ts';

export function filings(reader: EvidenceReader): Hono {
  return new Hono()
    .get('/v1/filings', async (context) => {
      const now = reader.now();
      const month = monthOfRequest(context, now);
      const { carriers, filings: rule } = reader.plan;
      const due = filingDue(month, rule.dueDay);
      const versions = await reader.ask('filing_versions', { month });
      const codes = carriers.map(({ code }) => code);
      const answer: FilingList = {
        month,
        due: due.toISOString(),
        items: filingStates(versions, codes, due, now),
      };
      return context.json(answer);
    })
    .get('/v1/filings/:carrier/:month/template.xlsx', async (context) => {
      const { register, within, name } = await templateOf(reader, context, context.req.param());
      const { carrier, month } = context.req.param();
      const workbook = filingWorkbook(['places', 'areas'], register, within, carrier, month);
      return context.body(new Uint8Array(workbook), 200, {
        'content-type': WORKBOOK_TYPE,
        'content-disposition': `attachment; filename="${name}.xlsx"`,
      });
    })
    .get('/v1/filings/:carrier/:month/template.csv', async (context) => {
      const sheet = sheetOfRequest(context);
      const { register, within, name } = await templateOf(reader, context, context.req.param());
      return context.body(
        filingTemplate(sheet, register, within, context.req.param().carrier),
        200,
        {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': `attachment; filename="${name}-${sheet}.csv"`,
        },
      );
    })
    .get('/v1/filings/:carrier/:month/places', async (context) =>
      context.json(
        await pageOf<FiledPlaceRow>(reader, context, context.req.param(), async (version) =>
          (await filedPlaces(reader, version)).map(({ place, ...cells }) => ({
            ...cells,
            code: place,
          })),
        ),
      ),
    )
    .get('/v1/filings/:carrier/:month/areas', async (context) =>
      context.json(
        await pageOf<FiledAreaRow>(reader, context, context.req.param(), async (version) =>
          (await filedAreas(reader, version)).map(({ area, ...cells }) => ({
            ...cells,
            code: area,
          })),
        ),
      ),
    )
    .get('/v1/filings/:carrier/:month/diff', async (context) => {
      const { carrier, month } = ofPath(reader, context.req.param());
      const number = (name: string) =>
        context.req.query(name) === undefined ? null : countOfRequest(context, name, 1, 1_000_000);
      const limit = countOfRequest(context, 'limit', 1_000, 10_000);
      const [from, to] = [number('from'), number('to')];
      const found = await compareVersions(reader.store, { carrier, month, from, to });
      const answer: FilingDiff = {
        ...{ month, carrier, from: versionOf(found.from), to: versionOf(found.to) },
        places: shortened(found.places, limit),
        areas: shortened(found.areas, limit),
      };
      return context.json(answer);
    });
}

/** What the path names, checked. */
function ofPath(
  reader: EvidenceReader,
  { carrier, month }: { readonly carrier: string; readonly month: string },
) {
  requireCarrier(carrier, reader.plan);
  if (!isMonth(month)) throw malformed('month', month.slice(0, 40), 'YYYY-MM');
  return { carrier, month };
}

/** What a template is made of, and what its file is called. */
async function templateOf(
  reader: EvidenceReader,
  context: Context,
  path: { readonly carrier: string; readonly month: string },
) {
  const { carrier, month } = ofPath(reader, path);
  const register = await reader.register(month);
  const { code: within } = placeOfRequest(context, register, reader.plan.area);
  return { register, within, name: `${carrier}-${month}` };
}

function sheetOfRequest(context: Context): SheetKind {
  const sheet = context.req.query('sheet') ?? 'places';
  if (sheet !== 'places' && sheet !== 'areas')
    throw malformed('sheet', sheet.slice(0, 40), 'places | areas');
  return sheet;
}

function shortened({ added, removed, changed }: SheetDiff, limit: number): FiledSheetDiff {
  return {
    counts: { added: added.length, removed: removed.length, changed: changed.length },
    added: added.slice(0, limit),
    removed: removed.slice(0, limit),
    changed: changed.slice(0, limit),
  };
}

/** A version as answers name it. */
export function versionOf({
  version,
  received,
  sha256,
  import: name,
}: CountingFiling): StandingFiling {
  return { version, received, sha256, import: name };
}

async function pageOf<Row extends FiledRow>(
  reader: EvidenceReader,
  context: Context,
  path: { readonly carrier: string; readonly month: string },
  rowsOf: (version: FiledVersionKey) => Promise<readonly Omit<Row, 'name'>[]>,
): Promise<FiledPage<Row>> {
  const { carrier, month } = ofPath(reader, path);
  const limit = countOfRequest(context, 'limit', 100, 1_000);
  const after = codeCursorOfRequest(context);
  const receivedBy = receivedByOfRequest(context, reader.now());
  const register = await reader.register(month);
  const within = placeOfRequest(context, register, reader.plan.area);
  const versions = await reader.ask('filing_versions', { month });
  const filing = countingFiling(versions, carrier, receivedBy);
  const rest = (filing ? await rowsOf(filing) : []).filter(
    ({ code }) => code > after && code.startsWith(within.code),
  );
  const page = rest.slice(0, limit);
  return {
    month,
    carrier,
    receivedBy: receivedBy.toISOString(),
    within: placeOf(within),
    filing: filing && versionOf(filing),
    items: page.map((row) => ({ ...row, name: register.find(row.code)?.name ?? '' }) as Row),
    next: rest.length > limit ? (page.at(-1)?.code ?? null) : null,
  };
}
