/** The time series with its menus, its legend and its table. */
import { useState } from 'preact/hooks';
import type { Series } from '../../api/contract/measurement.ts';
import type { Range } from '../address.ts';
import { dateTime } from '../format.ts';
import {
  area,
  charted,
  lines,
  names,
  overview,
  plottable,
  plotted,
  range,
  selfTest,
  series,
  seriesQuestion,
} from '../state.ts';
import { go, say, view, word } from '../view.ts';
import { OVER, RANGES, SENTENCES } from '../words.ts';
import { clip, fromFirst, newestIndex } from './aligned.ts';
import { goalFor } from './goal.ts';
import { Legend } from './legend.tsx';
import { Plot } from './plot.tsx';
import { SeriesTable } from './series-table.tsx';
import { monthSpan } from './time-axis.ts';
import './chart.css';

export function ChartPanel() {
  const [cursor, setCursor] = useState<number | null>(null);
  const answer = series.answer.value;
  const shown = answer && spanOf(answer);
  const stale = series.question.value !== seriesQuestion.value;
  const chosen = plotted.value;
  const goal = chosen && goalFor(chosen, overview.answer.value?.targets ?? []);
  const newest = shown ? newestIndex(shown) : -1;
  const index = shown && cursor !== null && cursor < shown.at.length ? cursor : newest;
  return (
    <section class="panel chart-panel" aria-labelledby="chart-title">
      <header class="panel-head">
        <div>
          <h2 id="chart-title">{word('chart')}</h2>
          <p class="muted">
            {chosen ? `${say(chosen.metricTitle)} · ${say(chosen.title)}` : word('loading')}
          </p>
        </div>
        <div class="controls">
          <SubjectMenu />
          <ValueMenu />
          <label class="control">
            <span>{word('range')}</span>
            <select
              value={range.value}
              onChange={(event) => go({ range: event.currentTarget.value as Range })}
            >
              {(Object.keys(RANGES) as Range[]).map((name) => (
                <option key={name} value={name}>
                  {say(RANGES[name])}
                </option>
              ))}
            </select>
          </label>
        </div>
      </header>
      <div class={stale ? 'chart-frame stale' : 'chart-frame'} aria-busy={stale}>
        {!shown && <p class="waiting">{word('loading')}</p>}
        {shown && chosen && (
          <>
            <Legend series={shown} index={index} />
            <Plot
              series={shown}
              goal={goal}
              label={`${say(chosen.metricTitle)}, ${say(chosen.title)}`}
              onCursor={setCursor}
            />
            {newest < 0 && <p class="waiting chart-empty">{word('emptySpan')}</p>}
          </>
        )}
      </div>
      {shown && (
        <>
          <p class="fine">
            <span>
              {word('median')} · {word('band')} · {say(OVER[shown.over])} · {word('failedMark')} ·{' '}
              {word('bucket')} {say(SENTENCES.seconds(shown.bucketSeconds))} · {word('beijingTime')}
            </span>
            <span>
              {word('method')} <code>{shown.method}</code>
              {newest >= 0 && ` · ${word('asOf')} ${dateTime((shown.at[newest] ?? 0) * 1000)}`}
              {seriesQuestion.value && (
                <>
                  {' '}
                  · <a href={seriesQuestion.value}>{word('json')}</a>
                </>
              )}
            </span>
          </p>
          <SeriesTable series={shown} />
        </>
      )}
    </section>
  );
}

/** A self-test that began minutes ago is shown close up; its first readers have nothing else to see. */
const CLOSE_UP_S = 600;

function spanOf(answer: Series): Series {
  const month = overview.answer.value?.month;
  if (month && range.value === 'month') return clip(answer, ...monthSpan(month));
  const untouched = view.value.range === null && charted.value === selfTest.value?.line;
  return untouched && selfTest.value ? fromFirst(answer, CLOSE_UP_S) : answer;
}

/** The area, or one of its lines. */
function SubjectMenu() {
  const line = charted.value ?? '';
  const listed = lines.answer.value?.items.map((row) => row.line) ?? [];
  const others = [selfTest.value?.line, charted.value].filter((name) => name != null);
  return (
    <label class="control">
      <span>{word('subject')}</span>
      <select
        value={line}
        onChange={(event) =>
          go({ line: event.currentTarget.value || null, area: view.value.area ?? area.value })
        }
      >
        <option value="">
          {area.value && `${names.value.get(area.value) ?? area.value} · `}
          {word('wholeOf')}
        </option>
        <optgroup label={word('lines')}>
          {[...new Set([...others, ...listed])].map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </optgroup>
      </select>
    </label>
  );
}

function ValueMenu() {
  const chosen = plotted.value;
  const metrics = overview.answer.value?.metrics ?? [];
  return (
    <label class="control">
      <span>{word('metric')}</span>
      <select
        value={chosen ? `${chosen.metric}/${chosen.value}` : ''}
        onChange={(event) => go({ value: event.currentTarget.value })}
      >
        {metrics.map(({ name, title }) => (
          <optgroup key={name} label={say(title)}>
            {plottable.value
              .filter(({ metric }) => metric === name)
              .map(({ value, title: valueTitle }) => (
                <option key={value} value={`${name}/${value}`}>
                  {say(valueTitle)}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}
