/** The monthly report for readers: one self-contained page, made for print, charts drawn as SVG. */
import { html as markup, raw } from 'hono/html';
import { indicatorNamed } from '../../sql/indicator.ts';
import type { AreaFigure, Figure, FigureSubject, Verdict } from '../contract/figure.ts';
import type { StandingCounts } from '../contract/filing.ts';
import type { Title } from '../contract/place.ts';
import { COUNTIES } from '../geometry.ts';
import type { MonthlyLibrary, MonthlyReport, MonthlyTarget } from '../monthly.ts';
import { VERDICT_TITLES } from '../verdict.ts';
import { FILING_STATES } from './filings.ts';
import { carrierTitles, type Format } from './format.ts';

export const html: Format = {
  extension: 'html',
  contentType: 'text/html; charset=utf-8',
  draw: (report, sha256) => String(page(report, sha256)),
};

type Fragment = ReturnType<typeof markup>;

const BOUNDS = { atLeast: '≥', atMost: '≤' } as const;

/** What n and N count. */
const COUNTED: Readonly<Record<FigureSubject, Title>> = {
  line: { zh: '线路', en: 'lines' },
  service: { zh: '业务', en: 'services' },
  village: { zh: '村(社区)', en: 'villages' },
  hamlet: { zh: '自然村', en: 'hamlets' },
  area: { zh: '填报', en: 'statements' },
};

const MARKS: Readonly<Record<Verdict, string>> = {
  met: '✔',
  missed: '✖',
  undecided: '≈',
  insufficient: '–',
};

function page(report: MonthlyReport, sha256: string): Fragment {
  const { plan } = report;
  const edition =
    report.status === 'preliminary'
      ? '月中试算,未封存 · preliminary, not sealed'
      : `第 ${report.edition} 版 · edition ${report.edition}`;
  return markup`<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${plan.title.zh} ${report.month}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1>${plan.title.zh}<small>${plan.title.en}</small></h1>
<p class="edition">${report.month} 月报 · monthly report · ${edition}</p>
<p>数据截至 as of ${report.asOf ? instant(report.asOf) : '无测量 no measurement'} · 测量 ${report.measurements} 条 measurements · 隔离 ${report.quarantined} 条 quarantined · 登记地点 ${report.register.places} 个 places,其中行政村与社区 ${report.register.villages} 个 villages</p>
<p>规划 plan: ${plan.source.zh} · ${plan.source.en}</p>
</header>
<main>
${summary(report)}
${report.targets.map(section)}
${filings(report)}
${library(report)}
${changes(report)}
${methods(report)}
</main>
<footer>
<p>文件摘要 SHA-256 of report.json: <code>${sha256}</code></p>
<p>月份按北京时间 [1 日 00:00, 次月 1 日 00:00)。区间为 95% 置信区间;达标须下限达到目标,未达标须上限低于目标,其余为未定;线路不足为样本不足;沉默是“无证据”,不是零。<br>
Months are Asia/Shanghai, half-open. Intervals are 95 %: met only if the lower bound reaches the goal, missed only if the upper bound falls short, else undecided; too few lines: insufficient; silence is no evidence, not zero.</p>
</footer>
</body>
</html>
`;
}

function summary(report: MonthlyReport): Fragment {
  return markup`<table>
<caption>各项目标 · targets</caption>
<thead><tr><th>目标 target<th>目标值 goal<th>测得 measured<th>95% 区间 interval<th>n/N<th>村 villages<th>结论 verdict</thead>
<tbody>${report.targets.map(
    ({ id, title, goal, indicator, overall: { figure, verdict } }) => markup`
<tr><th scope="row"><a href="#${id}">${title.zh}</a><small>${title.en}</small><td>${BOUNDS[goal.bound]} ${amount(goal.value, figure.unit)}<small>${goal.basis === 'plan' ? '计划原文 plan' : '暂定 assumed'}</small>${cells(figure, COUNTED[indicator.subject])}<td>${mark(verdict)}`,
  )}
</tbody></table>`;
}

function section(target: MonthlyTarget): Fragment {
  return markup`<section id="${target.id}">
<h2>${target.title.zh}<small>${target.title.en}</small></h2>
<p>${target.source} · ${target.goal.note.zh} · ${target.goal.note.en}</p>
${map(target)}
${table(
  '分运营商 · by carrier',
  target,
  target.carriers.map(({ title, overall }) => ({ name: `${title.zh} ${title.en}`, ...overall })),
)}
${table(
  '分设区市 · by city',
  target,
  target.cities.map((city) => ({ name: city.area.name, ...city })),
)}
</section>`;
}

function table(
  caption: string,
  { indicator }: MonthlyTarget,
  rows: readonly ({ name: string } & AreaFigure)[],
): Fragment {
  const of = COUNTED[indicator.subject];
  return markup`<table>
<caption>${caption}</caption>
<thead><tr><th>名称 name<th>测得 measured<th>95% 区间 interval<th>n/N ${of.zh} ${of.en}<th>村 villages<th>结论 verdict</thead>
<tbody>${rows.map(
    ({ name, figure, verdict }) => markup`
<tr><th scope="row">${name}${cells(figure)}<td>${mark(verdict)}`,
  )}
</tbody></table>`;
}

function cells(figure: Figure, counted?: Title): Fragment {
  const { interval, unit, standings, passed, base } = figure;
  return markup`<td>${figure.value === null ? '无证据 no evidence' : amount(figure.value, unit)}${standings && markup`<small>${standingsLine(standings)}</small>`}${base !== null && markup`<small>分子/分母 sum/base ${passed} / ${base}</small>`}<td>${interval ? `${amount(interval.low, unit)} … ${amount(interval.high, unit)}` : '—'}<td>${figure.observed}/${figure.registered}${counted && markup`<small>${counted.zh} ${counted.en}</small>`}<td>${figure.placesObserved}/${figure.placesRegistered}`;
}

function standingsLine(counts: StandingCounts): string {
  const { confirmed, contradicted, declared, unserved, 'no evidence': silent } = counts;
  return `证实 confirmed ${confirmed} · 否定 contradicted ${contradicted} · 仅申报 declared ${declared} · 未通达 unserved ${unserved} · 无证据 no evidence ${silent}`;
}

function mark(verdict: Verdict): Fragment {
  const title = VERDICT_TITLES[verdict];
  return markup`<span class="${verdict}">${MARKS[verdict]} ${title.zh}<small>${title.en}</small></span>`;
}

/** Counties by verdict, or a line where a map would only be hatched; without enough lines hatched, never coloured. */
function map(target: MonthlyTarget): Fragment {
  if (target.counties.every(({ figure }) => figure.value === null))
    return markup`<p class="silent">各县均无证据,不绘地图。No county has evidence; no map is drawn.</p>`;
  const verdicts = new Map(
    target.counties.map(({ area, verdict, figure }) => [area.code, { verdict, figure }]),
  );
  return markup`<figure>
<svg viewBox="0 0 ${COUNTIES.width} ${COUNTIES.height}" role="img" aria-label="${target.title.zh} 分县图">
<defs><pattern id="hatch-${target.id}" width="20" height="20" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="20" height="20" fill="#fff"/><line x1="0" x2="0" y1="0" y2="20" stroke="#9aa3ad" stroke-width="6"/></pattern></defs>
${COUNTIES.counties.map(({ code, name, path }) => {
  const county = verdicts.get(code);
  const verdict = county?.verdict ?? 'insufficient';
  const fill = verdict === 'insufficient' ? `url(#hatch-${target.id})` : FILLS[verdict];
  const n = county ? `${county.figure.observed}/${county.figure.registered}` : '0/0';
  return markup`<path d="${path}" fill="${fill}"><title>${name} ${VERDICT_TITLES[verdict].zh} n/N ${n}</title></path>`;
})}
</svg>
<figcaption>${(['met', 'undecided', 'missed'] as const).map(
    (verdict) =>
      markup`<svg class="key" viewBox="0 0 12 12"><rect width="12" height="12" fill="${FILLS[verdict]}"/></svg> ${VERDICT_TITLES[verdict].zh} `,
  )}<svg class="key" viewBox="0 0 12 12"><g transform="scale(.3)"><rect width="40" height="40" fill="url(#hatch-${target.id})"/></g></svg> 样本不足或无证据 · ${COUNTIES.approval ?? '内部使用,未经地图审核'}</figcaption>
</figure>`;
}

/** Blue, sand and brick: told apart without red and green. */
const FILLS = { met: '#225ea8', undecided: '#a9cfe0', missed: '#c8553d' } as const;

function changes(report: MonthlyReport): Fragment | '' {
  if (report.supersedes === null) return '';
  return markup`<section><h2>与上一版的差异<small>changes since the edition before</small></h2>
<p>取代 supersedes <code>${report.supersedes}</code></p>
${report.changes.length === 0 ? markup`<p>数字未变;填报、地址与域名库或测量条数有变。No figure of a target differs; filings, the library or counts of rows do.</p>` : ''}
<table><thead><tr><th>目标 target<th>地点 place<th>原 before<th>现 after</thead>
<tbody>${report.changes.map((change) => markup`<tr><td>${change.target}<td>${change.area}<td>${change.before}<td>${change.after}`)}</tbody></table></section>`;
}

function filings(report: MonthlyReport): Fragment {
  const names = carrierTitles(report);
  return markup`<section id="filings"><h2>运营商填报<small>filings of the month</small></h2>
<p>截止 due ${instant(report.filings.due)}</p>
<table><thead><tr><th>运营商 carrier<th>状态 state<th>版数 versions<th>所用版本收到于 received<th>地点/区域行 places/areas</thead>
<tbody>${report.filings.items.map(({ carrier, state, versions, received, places, areas }) => {
    const name = names.get(carrier);
    return markup`
<tr><th scope="row">${name ? `${name.zh} ${name.en}` : carrier}<td>${FILING_STATES[state].zh}<small>${FILING_STATES[state].en}</small><td>${versions}<td>${received ? instant(received) : '—'}<td>${places}/${areas}`;
  })}
</tbody></table></section>`;
}

const LIBRARY_TITLES: Readonly<Record<keyof MonthlyLibrary['figures'], Title>> = {
  prefixCompleteness: { zh: '地址库完整率', en: 'addresses seen that the library covers' },
  domainCompleteness: { zh: '域名库完整率', en: 'names measured that are registered' },
  accuracy: { zh: '地址库准确率', en: 'entries that agree with what was seen' },
  egress: { zh: '机关统一出口', en: 'agency lines that leave by their own addresses' },
};

function library({ library: { whole, figures } }: MonthlyReport): Fragment {
  return markup`<section id="library"><h2>地址与域名库<small>library of addresses and names</small></h2>
${whole ? '' : markup`<p>本月部分原始记录已过留存期,不出数。Raw rows of the month are past their retention; no figure is drawn.</p>`}
<table><thead><tr><th>项目 figure<th>测得 measured<th>95% 区间 interval<th>相符/已测 passed/n<th>方法 method</thead>
<tbody>${libraryShares(figures).map(
    ([name, { value, interval, passed, observed, method }]) => markup`
<tr><th scope="row">${LIBRARY_TITLES[name].zh}<small>${LIBRARY_TITLES[name].en}</small><td>${value === null ? '无证据 no evidence' : amount(value, '1')}<td>${interval ? `${amount(interval.low, '1')} … ${amount(interval.high, '1')}` : '—'}<td>${passed ?? '—'}/${observed ?? '—'}<td><code>${method}</code>`,
  )}
</tbody></table></section>`;
}

/** In one order, whatever the order of keys a stored document came back with. */
function libraryShares(figures: MonthlyLibrary['figures']) {
  const names = Object.keys(LIBRARY_TITLES) as (keyof MonthlyLibrary['figures'])[];
  return names.map((name) => [name, figures[name]] as const);
}

function methods(report: MonthlyReport): Fragment {
  return markup`<section><h2>方法<small>methods</small></h2><dl>${report.targets.map(
    (target) => markup`
<dt>${target.indicator.title.zh} ${target.indicator.title.en} <code>${target.indicator.method}</code>
<dd>${target.indicator.source}。${rule(target)}`,
  )}</dl></section>`;
}

/** What a target asks before it judges. */
function rule({ indicator, evidence, proof, minimumObserved }: MonthlyTarget): string {
  const of = COUNTED[indicator.subject];
  const { minimumRuns, minimumDays, passRatio } = evidence;
  const area = `一地至少 ${minimumObserved} 个${of.zh}。An area needs ${minimumObserved} ${of.en}.`;
  if (indicator.kind === 'quotient') return area;
  const passes = indicator.kind === 'ratio' ? `、${amount(passRatio, '1')} 成功` : '';
  const shows = proof
    ? `、${proof.indicator} ≥ ${amount(proof.atLeast, indicatorNamed(proof.indicator).unit)}`
    : '';
  return `至少 ${minimumRuns} 次、${minimumDays} 天${passes}${shows};${area} Evidence: ${minimumRuns} runs on ${minimumDays} day(s).`;
}

/** A figure in the unit people read. */
function amount(value: number, unit: string): string {
  if (unit === '1') return `${(value * 100).toFixed(1)}%`;
  if (unit === '‱') return `${value.toFixed(1)} ‱`;
  if (unit === 'bit/s') return `${(value / 1e6).toFixed(1)} Mbit/s`;
  return `${value} ${unit}`;
}

/** An instant in the plan's own zone, to the second. */
function instant(utc: string): string {
  const local = new Date(new Date(utc).getTime() + 8 * 3_600_000).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 19)} (UTC+8)`;
}

const STYLE = `
:root{font:14px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;color:#1d2733}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;margin:0}h2{font-size:1.2rem;margin:2.5rem 0 .3rem;border-top:1px solid #d5dbe1;padding-top:1rem}
small{display:block;font-weight:400;font-size:.8em;color:#5b6773}
.edition{font-size:1.1rem;margin:.3rem 0}
table{border-collapse:collapse;width:100%;margin:1rem 0;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #e5e9ed;vertical-align:top;font-weight:400}
thead th{color:#5b6773;font-size:.85em}
figure{margin:1rem 0}figure>svg{width:100%;max-height:32rem}path{stroke:#8b97a3;stroke-width:2}
.silent{color:#5b6773}.key{width:.9em;height:.9em;vertical-align:-.1em}
.met{color:#1b4f91}.missed{color:#a23a24}.undecided{color:#1f6480}.insufficient{color:#5b6773}
footer{margin-top:3rem;color:#5b6773;font-size:.85em;word-break:break-all}
@media print{body{margin:0;max-width:none}section{break-inside:avoid-page}thead{display:table-header-group}}
`;
