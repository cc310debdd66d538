/**
 * Everything the page says, Chinese first. Pure; `state.ts` binds it to the chosen language.
 * What the plan, the metrics and the API name themselves is never repeated here.
 */
import type { FigureSubject, Verdict } from '../api/contract/figure.ts';
import type { FilingRow, StandingCounts } from '../api/contract/filing.ts';
import type { Level } from '../api/contract/place.ts';
import type { Goal } from '../api/contract/target.ts';

export const WORDS = {
  brand: { zh: '通达', en: 'tongda' },
  skip: { zh: '跳到指标', en: 'Skip to the targets' },
  switchLanguage: { zh: 'English', en: '中文' },
  month: { zh: '月份', en: 'Month' },
  carrier: { zh: '运营商', en: 'Carrier' },
  allCarriers: { zh: '全部运营商', en: 'All carriers' },
  reports: { zh: '月报', en: 'Monthly reports' },
  noReports: { zh: '尚无封存的月报', en: 'No monthly report has been sealed yet' },
  sealed: { zh: '封存于', en: 'sealed' },
  dataAsOf: { zh: '数据截至', en: 'Data as of' },
  noData: { zh: '尚无测量', en: 'No measurement yet' },
  loading: { zh: '读取中…', en: 'Loading…' },
  due: { zh: '期限', en: 'due' },

  targets: { zh: '规划目标', en: 'Targets of the plan' },
  goal: { zh: '目标', en: 'Goal' },
  goalPlan: { zh: '计划原文', en: 'in the plan' },
  goalAssumed: { zh: '暂定', en: 'assumed' },
  source: { zh: '出处', en: 'source' },
  passed: { zh: '通过', en: 'Passed' },
  sums: { zh: '分子 / 分母', en: 'Sum / base' },
  standings: { zh: '结论', en: 'Standings' },
  placesObserved: { zh: '有证据的村(社区)', en: 'Villages with evidence' },
  interval: { zh: '95% 区间', en: '95% interval' },
  noInterval: { zh: '样本太少,给不出区间', en: 'too few for an interval' },
  gap: { zh: '差距', en: 'Gap' },
  overdue: { zh: '逾期', en: 'overdue' },
  forecast: { zh: '趋势', en: 'Trend' },
  asOf: { zh: '截至', en: 'as of' },
  method: { zh: '方法', en: 'method' },
  noEvidence: { zh: '无证据', en: 'no evidence' },
  choose: { zh: '点选一项,地图与明细随之', en: 'Choose one; map and details follow' },

  linesHeard: { zh: '本月有测量的线路', en: 'Lines heard this month' },
  measurements: { zh: '测量', en: 'Measurements' },
  measurementsOfMonth: { zh: '本月测量', en: 'Measurements this month' },
  quarantined: { zh: '隔离待查', en: 'Quarantined' },

  map: { zh: '区县覆盖图', en: 'Map of counties' },
  mapHelp: {
    zh: '方向键在区县间移动,回车选中,+ 与 − 缩放,Esc 回到全省',
    en: 'Arrow keys move between counties, Enter selects, + and − zoom, Esc returns to the whole area',
  },
  zoomHint: { zh: 'Ctrl + 滚轮缩放,拖动平移', en: 'Ctrl + wheel zooms, drag moves' },
  zoomIn: { zh: '放大', en: 'Zoom in' },
  zoomOut: { zh: '缩小', en: 'Zoom out' },
  zoomReset: { zh: '看全图', en: 'Whole map' },
  wholeArea: { zh: '全部设区市', en: 'All cities' },
  city: { zh: '设区市', en: 'City' },
  unmeasured: { zh: '无证据', en: 'No evidence' },
  insufficient: { zh: '样本不足', en: 'Too few' },
  notDrawn: { zh: '无边界数据,只见于表格', en: 'No outline, in the table only' },
  counties: { zh: '区县数', en: 'counties' },
  notApproved: {
    zh: '内部使用,未经地图审核',
    en: 'For internal use; not approved by the map authority (内部使用,未经地图审核)',
  },
  approval: { zh: '审图号', en: 'Map approval' },
  boundaries: { zh: '边界', en: 'Boundaries' },

  chart: { zh: '走势', en: 'Over time' },
  subject: { zh: '对象', en: 'Subject' },
  metric: { zh: '指标', en: 'Metric' },
  range: { zh: '时段', en: 'Span' },
  wholeOf: { zh: '整个区域', en: 'The whole area' },
  median: { zh: '中位数', en: 'median' },
  band: { zh: 'p10–p90', en: 'p10–p90' },
  runs: { zh: '次数', en: 'runs' },
  failed: { zh: '失败', en: 'failed' },
  failedMark: { zh: '✕ 有失败的时段', en: '✕ failures in the bucket' },
  time: { zh: '时间', en: 'Time' },
  emptySpan: { zh: '此时段内没有测量', en: 'Nothing was measured in this span' },
  bucket: { zh: '每点', en: 'each point' },
  beijingTime: { zh: '北京时间', en: 'Beijing time (UTC+8)' },
  asTable: { zh: '以表格查看同一数据', en: 'The same data as a table' },

  details: { zh: '明细', en: 'Details' },
  breadcrumb: { zh: '所在区域', en: 'Area' },
  places: { zh: '区域', en: 'Places' },
  lines: { zh: '线路', en: 'Lines' },
  listBy: { zh: '列出', en: 'List by' },
  filter: { zh: '筛选', en: 'Filter' },
  place: { zh: '地点', en: 'Place' },
  verdict: { zh: '结论', en: 'Verdict' },
  value: { zh: '数值', en: 'Value' },
  placesOf: { zh: '有证据/登记村', en: 'Villages observed / registered' },
  line: { zh: '线路', en: 'Line' },
  technology: { zh: '接入', en: 'Access' },
  ipv6: { zh: 'IPv6 状况', en: 'IPv6' },
  rtt: { zh: '往返时延', en: 'RTT' },
  loss: { zh: '丢包', en: 'Loss' },
  down: { zh: '下行', en: 'Down' },
  up: { zh: '上行', en: 'Up' },
  subscribed: { zh: '签约', en: 'subscribed' },
  notCounted: { zh: '环回自测,不计入', en: 'loopback, not counted' },
  chartLine: { zh: '看走势', en: 'Chart' },
  showRows: { zh: '看测量', en: 'Rows' },
  newest: { zh: '最近', en: 'Newest' },
  start: { zh: '开始', en: 'Start' },
  destination: { zh: '目的', en: 'Destination' },
  family: { zh: '协议族', en: 'Family' },
  outcome: { zh: '结果', en: 'Outcome' },
  values: { zh: '数值', en: 'Values' },
  fullRow: { zh: '原始记录', en: 'Full row' },
  ofLine: { zh: '线路', en: 'of line' },
  clearLine: { zh: '看整个区域', en: 'the whole area' },
  latestRows: {
    zh: '最新的测量,不限月份与运营商',
    en: 'Newest measurements of any month and carrier',
  },
  nothingHere: { zh: '这里没有可列的内容', en: 'Nothing to list here' },
  nothingMatches: { zh: '没有符合筛选的行', en: 'No row matches the filter' },
  noLevelBelow: {
    zh: '村是最低一级;请看线路与测量',
    en: 'A village is the lowest level; see its lines and measurements',
  },
  filings: { zh: '填报', en: 'Filings' },
  challenges: { zh: '异议', en: 'Challenges' },
  target: { zh: '目标', en: 'Target' },
  state: { zh: '状态', en: 'State' },
  version: { zh: '版本', en: 'Version' },
  received: { zh: '收到', en: 'Received' },
  filedRows: { zh: '地点/区域行', en: 'Rows of places / areas' },
  opened: { zh: '提出', en: 'Opened' },
  reason: { zh: '理由', en: 'Reason' },
  follow: { zh: '查证', en: 'Follow up' },
  json: { zh: 'JSON', en: 'JSON' },

  welcomeTitle: {
    zh: '站点运行正常,等待第一条受测线路',
    en: 'The station works and waits for its first line',
  },
  welcomeText: {
    zh: '本月还没有任何计入指标的证据。下面是本站环回自测线路的实测值:它证明测量、上报、入库与查询都通,但不计入任何指标。',
    en: 'No counted evidence has come in this month. Below are live figures of the station’s own loopback line: they prove that measuring, reporting, storing and asking all work, and count towards nothing.',
  },
  welcomeWaiting: {
    zh: '自测线路尚未上报,通常一分钟之内就有结果。',
    en: 'The self-test line has not reported yet; it usually does within a minute.',
  },
  enrolTitle: { zh: '接入一个探针', en: 'Enrol a probe' },
  enrolStation: {
    zh: '在站点上登记线路与探针:',
    en: 'On the station, register the line and its probe:',
  },
  enrolHelp: {
    zh: 'CODE 是区划代码,如村 12 位。命令会印出该探针的令牌与启动方法,令牌只显示一次。',
    en: 'CODE is the code of the place, 12 digits for a village. The command prints the probe’s token, once, and how to start it.',
  },
  updated: { zh: '刷新于', en: 'refreshed' },

  unreachable: {
    zh: '连不上站点,所示为最近一次读到的数据;正在重试。',
    en: 'The station cannot be reached; what you see was read last. Trying again.',
  },
  unreadable: {
    zh: '站点的回答不是 JSON:请检查中间的代理。',
    en: 'The station’s answer is not JSON: check the proxies in between.',
  },
  retry: { zh: '重试', en: 'Try again' },
} as const satisfies Record<string, { zh: string; en: string }>;

export type Word = keyof typeof WORDS;

export const VERDICTS: Readonly<Record<Verdict, { zh: string; en: string }>> = {
  met: { zh: '达标', en: 'met' },
  missed: { zh: '未达标', en: 'missed' },
  undecided: { zh: '未定', en: 'undecided' },
  insufficient: { zh: '样本不足', en: 'insufficient' },
};

/** What n and N of a figure count. */
export const SUBJECTS: Readonly<Record<FigureSubject, { zh: string; en: string }>> = {
  line: { zh: '线路', en: 'lines' },
  service: { zh: '业务', en: 'services' },
  village: { zh: '村', en: 'villages' },
  hamlet: { zh: '自然村', en: 'hamlets' },
  area: { zh: '填报', en: 'statements' },
};

/** Where a carrier stands with the month's filing. */
export const FILINGS: Readonly<Record<FilingRow['state'], { zh: string; en: string }>> = {
  'on time': { zh: '按时', en: 'on time' },
  late: { zh: '迟报', en: 'late' },
  missing: { zh: '逾期未报', en: 'missing' },
  awaited: { zh: '未到期', en: 'awaited' },
  resubmitted: { zh: '已更正', en: 'resubmitted' },
};

export const LEVELS: Readonly<Record<Level, { zh: string; en: string }>> = {
  province: { zh: '省', en: 'provinces' },
  city: { zh: '设区市', en: 'cities' },
  county: { zh: '区县', en: 'counties' },
  township: { zh: '乡镇街道', en: 'townships' },
  village: { zh: '村(社区)', en: 'villages' },
  hamlet: { zh: '自然村', en: 'hamlets' },
};

export const RANGES = {
  '1h': { zh: '1 小时', en: '1 hour' },
  '6h': { zh: '6 小时', en: '6 hours' },
  '24h': { zh: '24 小时', en: '24 hours' },
  '7d': { zh: '7 天', en: '7 days' },
  month: { zh: '所选月份', en: 'the month' },
} as const;

/** What a bucket's median and percentiles are taken over. */
export const OVER = {
  runs: { zh: '按测次', en: 'over runs' },
  lines: { zh: '按线路(先取每线中位数)', en: 'over lines, each by its median' },
} as const;

export const OUTCOMES: Readonly<Record<string, { zh: string; en: string }>> = {
  ok: { zh: '成功', en: 'ok' },
  failed: { zh: '失败', en: 'failed' },
  skipped: { zh: '未测', en: 'skipped' },
};

/** Sentences with a number in them. */
export const SENTENCES = {
  shown: (shown: string, total: string) => ({
    zh: `显示 ${shown} / ${total} 行`,
    en: `${shown} of ${total} rows shown`,
  }),
  more: (shown: string) => ({
    zh: `只取前 ${shown} 条;请选更小的区域,或由 JSON 的 next 逐页读取`,
    en: `Only the first ${shown} are here; choose a smaller area, or page on by the JSON’s next`,
  }),
  lede: (met: string, total: string) => ({
    zh: `${total} 项目标中 ${met} 项达标`,
    en: `${met} of ${total} targets met`,
  }),
  seconds: (seconds: number) =>
    seconds % 86_400 === 0
      ? { zh: `${seconds / 86_400} 天`, en: `${seconds / 86_400} d` }
      : seconds % 3_600 === 0
        ? { zh: `${seconds / 3_600} 小时`, en: `${seconds / 3_600} h` }
        : seconds % 60 === 0
          ? { zh: `${seconds / 60} 分钟`, en: `${seconds / 60} min` }
          : { zh: `${seconds} 秒`, en: `${seconds} s` },
  edition: (edition: number) => ({ zh: `第 ${edition} 版`, en: `edition ${edition}` }),
  pace: (each: string, bound: Goal['bound']) => ({
    zh: `每月须${bound === 'atLeast' ? '增' : '降'} ${each}`,
    en: `${bound === 'atLeast' ? 'up' : 'down'} ${each} a month`,
  }),
  observed: (subject: FigureSubject) => ({
    zh: `有证据/应有${SUBJECTS[subject].zh}`,
    en: `Observed / due ${SUBJECTS[subject].en}`,
  }),
  atDue: (due: string, value: string) => ({ zh: `${due}:${value}`, en: `${due}: ${value}` }),
  standings: (of: StandingCounts) => ({
    zh: `证实 ${of.confirmed}、否定 ${of.contradicted}、仅申报 ${of.declared}、未通达 ${of.unserved}、无证据 ${of['no evidence']}`,
    en: `${of.confirmed} confirmed, ${of.contradicted} contradicted, ${of.declared} declared, ${of.unserved} unserved, ${of['no evidence']} no evidence`,
  }),
  disputed: (standings: string) => ({
    zh: `${standings} 处有异议`,
    en: `${standings} disputed`,
  }),
  minimum: (observed: string) => ({
    zh: `有证据的不足 ${observed} 个则不下结论`,
    en: `no verdict below ${observed} with evidence`,
  }),
};
