/** Who filed of the month, when, and which version counts: one row a carrier, beside the figures. */
import type { FilingState } from '../../ingest/filing-store.ts';
import type { Title } from '../contract/place.ts';
import { type Cell, csvOf } from './csv.ts';
import { carrierTitles, type Format } from './format.ts';

/** In a document, which must not change by the clock alone, none is `awaited`: it is not received. */
export const FILING_STATES: Readonly<Record<FilingState, Title>> = {
  'on time': { zh: '按时', en: 'on time' },
  late: { zh: '迟报', en: 'late' },
  missing: { zh: '未收到', en: 'none received' },
  awaited: { zh: '未到期', en: 'awaited' },
  resubmitted: { zh: '已更正', en: 'resubmitted' },
};

const HEAD = [
  '月份 month',
  '版次 edition',
  '运营商 carrier',
  '名称 name',
  '状态 state',
  '状态说明 meaning',
  '截止 due',
  '所用版本 version',
  '收到 received',
  '地点行 places',
  '区域行 areas',
  '提示 warnings',
];

export const filings: Format = {
  extension: 'filings.csv',
  contentType: 'text/csv; charset=utf-8',
  draw: (report) => {
    const titles = carrierTitles(report);
    const { due, items } = report.filings;
    return csvOf(
      HEAD,
      items.map(({ carrier, state, versions, received, places, areas, warnings }): Cell[] => [
        ...[report.month, report.edition, carrier, titles.get(carrier)?.zh ?? carrier],
        ...[state, `${FILING_STATES[state].zh} ${FILING_STATES[state].en}`, due],
        // The last that was received counts; of a carrier that sent none there is no version.
        ...[versions === 0 ? null : versions, received, places, areas, warnings],
      ]),
    );
  },
};
