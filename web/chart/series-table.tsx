/** The chart's data as a table, for those who cannot or would rather not read a drawing. */
import { useState } from 'preact/hooks';
import type { Series } from '../../api/contract/measurement.ts';
import { count, dateTime, number, scaleFor } from '../format.ts';
import { word } from '../view.ts';
import { FAMILIES, heard, largest, readingAt } from './aligned.ts';

export function SeriesTable({ series }: { series: Series }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="series-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{word('asTable')}</summary>
      {open && <Rows series={series} />}
    </details>
  );
}

function Rows({ series }: { series: Series }) {
  const scale = scaleFor(series.unit, series.value, largest(series));
  const print = (value: number | null) => (value === null ? '—' : number(value * scale.factor));
  const rows = heard(series);
  if (rows.length === 0) return <p class="muted">{word('emptySpan')}</p>;
  return (
    <section class="series-scroll" tabindex={0} aria-label={word('asTable')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{word('time')}</th>
            {FAMILIES.flatMap((family) => [
              <th key={`${family}m`} scope="col" class="numeric">
                IPv{family} {word('median')} {scale.unit && `(${scale.unit})`}
              </th>,
              <th key={`${family}b`} scope="col" class="numeric">
                {word('band')}
              </th>,
              <th key={`${family}n`} scope="col" class="numeric">
                n
              </th>,
              <th key={`${family}f`} scope="col" class="numeric">
                {word('failed')}
              </th>,
            ])}
          </tr>
        </thead>
        <tbody>
          {rows.map((index) => (
            <tr key={index}>
              <th scope="row">{dateTime((series.at[index] ?? 0) * 1000)}</th>
              {FAMILIES.flatMap((family) => {
                const reading = readingAt(series, family, index);
                return [
                  <td key={`${family}m`} class="numeric">
                    {print(reading?.median ?? null)}
                  </td>,
                  <td key={`${family}b`} class="numeric">
                    {reading && reading.p10 !== null
                      ? `${print(reading.p10)}–${print(reading.p90)}`
                      : '—'}
                  </td>,
                  <td key={`${family}n`} class="numeric">
                    {count(reading?.n ?? 0)}
                  </td>,
                  <td key={`${family}f`} class="numeric">
                    {count(reading?.failed ?? 0)}
                  </td>,
                ];
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
