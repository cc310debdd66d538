/** Whether the rollups say what the measurements say: every one is drawn once more and compared. */

import { monthRules } from '../judgement.ts';
import { retiredDays } from '../retention.ts';
import { DAY_RULES, type Done, differingRollups, staleDays } from '../rollup.ts';
import type { Finding, StoreCheck } from './check.ts';

const CURE = {
  zh: '执行 tongda store rollup --anew;若无人改动过数据,请报告此错误',
  en: 'run tongda store rollup --anew; if nobody touched the data, report it as a bug',
};

const COMPARED = { zh: '已比对的日与月', en: 'days and months compared' };
const STALE = { zh: '待汇总的日', en: 'days waiting to be rolled up' };

export const rollups: StoreCheck = {
  name: 'rollups',
  title: { zh: '汇总与原始记录一致', en: 'rollups equal the measurements' },
  async run({ store, judgements, spanOf, progress }) {
    const [measured, done, frozen] = await Promise.all([
      store.query('measured_days', {}),
      store.query('rollups_done', {}),
      retiredDays(store),
    ]);
    const stale = staleDays(measured, done, frozen).map(({ period }) => period);
    const monthsRules = monthRules(judgements);
    const comparable = done.filter(
      ({ scope, period, rules }) =>
        rules === (scope === 'day' ? DAY_RULES : monthsRules) &&
        ![...stale, ...frozen].some((day) => day.startsWith(period)),
    );
    const findings: Finding[] = [];
    for (const [index, run] of comparable.entries()) {
      progress(index, comparable.length);
      const of = run.scope === 'month' ? { span: spanOf(run.period), judgements } : null;
      for (const table of await differingRollups(store, run, of))
        if (await stands(store, run)) findings.push(differs(table, run.period));
    }
    return {
      findings,
      figures: [
        { name: 'rollups-compared', title: COMPARED, subject: 'store', value: comparable.length },
        { name: 'days-stale', title: STALE, subject: 'store', value: stale.length },
      ],
    };
  },
};

/** A station may be drawing it anew, or have got rows for it, while it is compared. */
async function stands(
  store: Parameters<StoreCheck['run']>[0]['store'],
  { scope, period, run, signature }: Done,
): Promise<boolean> {
  const [measured, done] = await Promise.all([
    store.query('measured_days', {}),
    store.query('rollups_done', {}),
  ]);
  const same = done.some((now) => now.scope === scope && now.period === period && now.run === run);
  const days = measured.filter(({ day }) => day.startsWith(period));
  return same && days.every((day) => signature.includes(day.signature));
}

function differs(table: string, period: string): Finding {
  return {
    code: 'rollup-differs',
    subject: `${table}/${period}`,
    what: {
      zh: `${period} 的汇总与原始记录不一致`,
      en: `the rollup of ${period} says something else than the measurements`,
    },
    cure: CURE,
  };
}
