/** Lines of a small province and what was measured on them, for tests that draw it up and compare. */
import { precedenceOf } from '../../sql/precedence.ts';
import type { InsertOf } from '../../sql/rows.ts';
import type { Store } from '../../sql/store.ts';
import type { Chance } from '../chance.ts';
import { aMeasurementRow } from '../measurement-row.ts';

type Row = InsertOf<'measurement'>;
type Line = Pick<Row, 'line' | 'place' | 'carrier'>;

/** Forty villages with 1, 2, … 40 lines: every sample size up to there, and its sums above. */
export async function registerLines(store: Store, random: Chance): Promise<Line[]> {
  const villages = await store.read<{ code: string }>(
    "SELECT code FROM place WHERE level = 'village' ORDER BY cityHash64(code) LIMIT 40",
  );
  const lines = villages.flatMap(({ code }, index) =>
    Array.from({ length: index + 1 }, (_, number) => ({
      line: `l-${index}-${number}`,
      // Some lie in a hamlet of the village.
      place: number % 5 === 4 ? `${code}-00${number % 9}` : code,
      carrier: random.oneOf(['telecom', 'mobile', 'unicom']),
    })),
  );
  const silent = { line: 'silent', place: villages[0]?.code ?? '', carrier: 'cable' };
  const own = { line: 'own', place: '32', carrier: 'loopback' };
  const rest = { subscribedDownBps: null, subscribedUpBps: null, validFrom: '2026-01-01' };
  const rates = [null, 0, 100_000_000, 500_000_000];
  await store.insert('line', [
    ...[...lines, silent].map((line, nth) => ({
      ...{ ...line, technology: 'ftth', ...rest },
      subscribedDownBps: rates[nth % rates.length] ?? null,
    })),
    { ...own, technology: 'loopback', ...rest },
  ]);
  return [...lines, own];
}

/** A few days of each line, over midnight and the end of a month on Chinese clocks; numbered from 1 on. */
export function measurementsOf(lines: readonly Line[], random: Chance): Row[] {
  const metrics = ['throughput', 'tcp-connect', 'http-fetch'] as const;
  let sequence = 0;
  return lines.flatMap(({ line, place, carrier }) =>
    Array.from({ length: 3 + random.below(8) }, () =>
      metrics.map((metric) => {
        sequence += 1;
        const startMs = Date.parse('2026-10-31T12:00:00Z') + random.below(40 * 3_600_000);
        const failed = random.coin(0.15);
        const rate = 1 + random.below(1e9);
        return aMeasurementRow({
          metric,
          // Some lines were measured by a second probe for a while.
          probe: random.coin(0.3) ? `${line}-b` : line,
          sequence,
          start: new Date(startMs).toISOString(),
          family: random.oneOf([4, 6]),
          method: `${metric}/1`,
          outcome: failed ? 'failed' : random.coin(0.05) ? 'skipped' : 'ok',
          ...slots(failed ? [] : [rate, Math.floor(rate / 3), random.coin(0.5) ? null : 7]),
          precedence: precedenceOf(new Date(startMs + 60_000).toISOString(), 1),
          line,
          place,
          carrier,
        });
      }),
    ).flat(),
  );
}

function slots(values: readonly (number | null)[]): Pick<Row, 'v0' | 'v15'> {
  return Object.fromEntries(
    Array.from({ length: 16 }, (_, slot) => [`v${slot}`, values[slot] ?? null]),
  ) as Pick<Row, 'v0' | 'v15'>;
}
