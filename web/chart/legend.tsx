/** The chart's legend: what each line is, and what it reads under the cursor or at the newest bucket. */
import type { Series } from '../../api/contract/measurement.ts';
import { count, dateTime, number, scaleFor, withUnit } from '../format.ts';
import { word } from '../view.ts';
import { FAMILIES, type Family, largest, type Reading, readingAt } from './aligned.ts';

export function Legend({ series, index }: { series: Series; index: number }) {
  const at = series.at[index];
  return (
    <div class="chart-legend">
      {FAMILIES.map((family) => (
        <div key={family} class={`reading reading-v${family}`}>
          <span class="reading-name">
            <svg width="28" height="12" aria-hidden="true">
              <rect class="reading-band" x="0" y="1" width="28" height="10" />
              <line class="reading-line" x1="0" x2="28" y1="6" y2="6" />
            </svg>
            IPv{family}
          </span>
          <ReadingText reading={readingAt(series, family, index)} series={series} family={family} />
        </div>
      ))}
      <span class="reading-time">{at === undefined ? '' : dateTime(at * 1000)}</span>
    </div>
  );
}

function ReadingText({
  reading,
  series,
  family,
}: {
  reading: Reading | null;
  series: Series;
  family: Family;
}) {
  if (series.families[family] === null || reading === null)
    return <span class="muted">{word('noEvidence')}</span>;
  const scale = scaleFor(series.unit, series.value, largest(series));
  const print = (value: number) => number(value * scale.factor);
  const { p10, median, p90, n, failed } = reading;
  return (
    <>
      <b>{median === null ? '—' : withUnit(print(median), scale.unit)}</b>
      <span class="muted">
        {p10 !== null && p90 !== null && `${print(p10)}–${print(p90)} · `}n {count(n)}
      </span>
      {failed > 0 && (
        <span class="reading-failed">
          ✕ {word('failed')} {count(failed)}
        </span>
      )}
    </>
  );
}
