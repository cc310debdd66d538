/** `GET /v1/lines`: access lines with what was measured on them in the month. */
import { Hono } from 'hono';
import { LOOPBACK } from '../../ingest/binding.ts';
import { monthDays } from '../../ingest/month.ts';
import { ancestorCode, type Register } from '../../ingest/register.ts';
import type { QueryRow } from '../../sql/questions.ts';
import type { LinePage, LineRow, LineStatistic } from '../contract/measurement.ts';
import type { EvidenceReader, Line } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { CONDITION_TITLES, ipv6Condition } from '../ipv6-condition.ts';
import { spanParameters } from '../judgement.ts';
import { refuseRetired } from '../retirement.ts';
import { countOfRequest, monthOfRequest, placeOfRequest } from './request.ts';

type Outcome = QueryRow<'line_outcomes'>;
type Median = QueryRow<'line_medians'>;

export function lines(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/lines', async (context) => {
    const month = monthOfRequest(context, reader.now());
    const limit = countOfRequest(context, 'limit', 100, 1_000);
    const carrier = context.req.query('carrier') || null;
    const after = context.req.query('cursor') ?? '';
    const register = await reader.register(month);
    const within = placeOfRequest(context, register, reader.plan.area);
    const { first, last } = monthDays(month);
    await refuseRetired(reader, month);
    // One more than the page tells whether another follows.
    const chosen = await reader.ask('lines_page', {
      first,
      last,
      within: within.code,
      carrier: carrier ?? '',
      after,
      limit: limit + 1,
    });
    const page = chosen.slice(0, limit);
    const answer: LinePage = {
      month,
      items: await lineRows(reader, page, month, register),
      next: chosen.length > limit ? (page.at(-1)?.line ?? null) : null,
    };
    return context.json(answer);
  });
}

async function lineRows(
  reader: EvidenceReader,
  page: readonly Line[],
  month: string,
  register: Register,
): Promise<LineRow[]> {
  const lines = page.map(({ line }) => line);
  const probes = await probesOf(reader, lines, month);
  const parameters = { lines, probes: probes ?? [], ...spanParameters(month) };
  const unmeasured = lines.length === 0 || probes?.length === 0;
  const [outcomes, medians] = unmeasured
    ? [[], []]
    : await Promise.all([
        reader.ask('line_outcomes', parameters),
        reader.ask('line_medians', parameters),
      ]);
  return page.map((line) =>
    lineRow(
      line,
      outcomes.filter((row) => row.line === line.line),
      medians.filter((row) => row.line === line.line),
      register,
    ),
  );
}

/** Who measured these lines in the month; null while a day of it is not rolled up. */
async function probesOf(
  reader: EvidenceReader,
  lines: readonly string[],
  month: string,
): Promise<string[] | null> {
  const { first, last } = monthDays(month);
  const rolled = await reader.runsBetween(first, last);
  if (!rolled) return null;
  const rows = await reader.ask('line_probes', { lines, ...rolled });
  return rows.map(({ probe }) => probe);
}

/** One line's month from its outcomes and medians. Pure. */
function lineRow(
  line: Line,
  outcomes: readonly Outcome[],
  medians: readonly Median[],
  register: Register,
): LineRow {
  const place = register.find(line.place);
  const county = register.find(ancestorCode(line.place, 'county') ?? '');
  const condition = ipv6Condition(outcomes);
  const statistic = (metric: string, family: number, name: string): LineStatistic | null => {
    const row = medians.find(
      (each) => each.metric === metric && each.family === family && each.statistic === name,
    );
    return row ? { median: row.median, n: row.n } : null;
  };
  // Where ICMP could be looked at it is the method; TCP connects stand in for it, and say so.
  const rttMetric = medians.some(({ metric }) => metric === 'icmp-rtt')
    ? 'icmp-rtt'
    : 'tcp-connect';
  return {
    line: line.line,
    carrier: line.carrier,
    technology: line.technology,
    subscribedDownBps: line.subscribedDownBps,
    subscribedUpBps: line.subscribedUpBps,
    place: place ? placeOf(place) : { code: line.place, name: line.place, level: 'village' },
    county: county ? placeOf(county) : null,
    counted: line.technology !== LOOPBACK,
    newest: outcomes.reduce<string | null>(
      (newest, row) => (newest && newest > row.newest ? newest : row.newest),
      null,
    ),
    measurements: outcomes.reduce((runs, row) => runs + row.runs, 0),
    ipv6: { condition, ...CONDITION_TITLES[condition] },
    rttMs: {
      4: statistic(rttMetric, 4, 'rttMs'),
      6: statistic(rttMetric, 6, 'rttMs'),
      method: medians.find(({ metric }) => metric === rttMetric)?.method ?? null,
    },
    lossRatio: {
      4: statistic('icmp-rtt', 4, 'lossRatio'),
      6: statistic('icmp-rtt', 6, 'lossRatio'),
    },
    downBps: statistic('throughput', 0, 'downBps'),
    upBps: statistic('throughput', 0, 'upBps'),
  };
}
