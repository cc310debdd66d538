/** Access lines of the area: what was measured on each, and what their IPv6 suffers from. */
import type { Ipv6Condition, LineRow, LineStatistic } from '../../api/contract/measurement.ts';
import { question } from '../address.ts';
import { count, dateTime, number, quantity } from '../format.ts';
import { lines, linesQuestion, overview } from '../state.ts';
import { Icon } from '../verdict.tsx';
import { go, say, word } from '../view.ts';
import { SENTENCES } from '../words.ts';
import { type Column, Table } from './table.tsx';

export function LinesTable() {
  const page = lines.question.value === linesQuestion.value ? lines.answer.value : null;
  return (
    <>
      <Table<LineRow>
        label={word('lines')}
        columns={columns()}
        rows={page?.items ?? null}
        id={(row) => row.line}
        text={(row) =>
          `${row.line} ${row.place.name} ${row.county?.name ?? ''} ${row.technology} ${carrierName(row.carrier)} ${say(row.ipv6.title)}`
        }
        tools={
          linesQuestion.value && (
            <a class="json" href={linesQuestion.value}>
              {word('json')}
            </a>
          )
        }
      />
      {page?.next && <p class="fine">{say(SENTENCES.more(count(page.items.length)))}</p>}
    </>
  );
}

function carrierName(code: string): string {
  const carrier = overview.answer.value?.carriers.find((each) => each.code === code);
  return carrier ? say(carrier.title) : code;
}

function columns(): Column<LineRow>[] {
  return [
    {
      key: 'line',
      title: word('line'),
      by: (row) => row.line,
      cell: (row) => (
        <>
          <span class="line-name">{row.line}</span>
          {!row.counted && <span class="badge">{word('notCounted')}</span>}
          <small>
            {row.county && row.county.code !== row.place.code ? `${row.county.name} ` : ''}
            {row.place.name} · {carrierName(row.carrier)}
          </small>
        </>
      ),
    },
    {
      key: 'technology',
      title: word('technology'),
      by: (row) => row.technology,
      cell: (row) => (
        <>
          {row.technology.toUpperCase()}
          {row.subscribedDownBps !== null && (
            <small>
              {word('subscribed')} {quantity(row.subscribedDownBps, 'bit/s')}
            </small>
          )}
        </>
      ),
    },
    {
      key: 'ipv6',
      title: word('ipv6'),
      by: (row) => say(row.ipv6.title),
      cell: ({ ipv6 }) => (
        <>
          <span class={`verdict ${TONES[ipv6.condition]}`}>
            <Icon path={SHAPES[ipv6.condition]} />
            {say(ipv6.title)}
          </span>
          {ipv6.advice && <small class="advice">{say(ipv6.advice)}</small>}
        </>
      ),
    },
    {
      key: 'rtt',
      title: `${word('rtt')} v6 / v4`,
      numeric: true,
      by: (row) => row.rttMs[6]?.median ?? row.rttMs[4]?.median ?? null,
      cell: ({ rttMs }) => (
        <>
          {pair(rttMs, ({ median }) => number(median), 'ms')}
          {rttMs.method && (
            <small>
              <code>{rttMs.method}</code>
            </small>
          )}
        </>
      ),
    },
    {
      key: 'loss',
      title: `${word('loss')} v6 / v4`,
      numeric: true,
      by: (row) => row.lossRatio[6]?.median ?? row.lossRatio[4]?.median ?? null,
      cell: ({ lossRatio }) => pair(lossRatio, ({ median }) => quantity(median, '1', 'ratio'), ''),
    },
    {
      key: 'down',
      title: word('down'),
      numeric: true,
      by: (row) => row.downBps?.median ?? null,
      cell: (row) => rate(row.downBps),
    },
    {
      key: 'up',
      title: word('up'),
      numeric: true,
      by: (row) => row.upBps?.median ?? null,
      cell: (row) => rate(row.upBps),
    },
    {
      key: 'newest',
      title: word('newest'),
      numeric: true,
      by: (row) => row.newest,
      cell: (row) => (
        <>
          {row.newest ? dateTime(row.newest) : <span class="muted">{word('noEvidence')}</span>}
          <small>n {count(row.measurements)}</small>
        </>
      ),
    },
    {
      key: 'actions',
      title: word('follow'),
      cell: ({ line }) => (
        <span class="actions">
          <button type="button" class="link" onClick={() => go({ line })}>
            {word('chartLine')}
          </button>
          <button
            type="button"
            class="link"
            onClick={() => go({ line, tab: 'measurements' }, true)}
          >
            {word('showRows')}
          </button>
          <a href={question('/v1/measurements', { line, limit: 100 })}>{word('json')}</a>
        </span>
      ),
    },
  ];
}

function pair(
  of: { 4: LineStatistic | null; 6: LineStatistic | null },
  print: (of: LineStatistic) => string,
  unit: string,
) {
  if (of[4] === null && of[6] === null) return <span class="muted">{word('noEvidence')}</span>;
  return `${of[6] ? print(of[6]) : '—'} / ${of[4] ? print(of[4]) : '—'}${unit && ` ${unit}`}`;
}

function rate(of: LineStatistic | null) {
  if (of === null) return <span class="muted">{word('noEvidence')}</span>;
  return (
    <>
      {quantity(of.median, 'bit/s')}
      <small>n {count(of.n)}</small>
    </>
  );
}

const TICK = 'M3.5 8.5l3 3 6-7';
const CROSS = 'M4.5 4.5l7 7M11.5 4.5l-7 7';
const WAVE = 'M3.5 6.5q2.2-2 4.5 0t4.5 0M3.5 10.5q2.2-2 4.5 0t4.5 0';
const BANG = 'M8 3.5v5.5M8 12.3h.01';

const SHAPES: Readonly<Record<Ipv6Condition, string>> = {
  works: TICK,
  'echo-filtered': TICK,
  unstable: WAVE,
  'path-mtu-black-hole': BANG,
  dropped: CROSS,
  none: CROSS,
  'no evidence': 'M5 8h6',
};

const TONES: Readonly<Record<Ipv6Condition, string>> = {
  works: 'verdict-met',
  'echo-filtered': 'verdict-met',
  unstable: 'verdict-undecided',
  'path-mtu-black-hole': 'verdict-missed',
  dropped: 'verdict-missed',
  none: 'verdict-missed',
  'no evidence': 'verdict-silent',
};
