/** The newest raw rows behind the figures; each opens to everything the station knows of it. */
import { useState } from 'preact/hooks';
import type { MeasurementRow } from '../../api/contract/measurement.ts';
import type { MetricDescription } from '../../api/contract/target.ts';
import { question } from '../address.ts';
import { dateTime, quantity, timeOfDay } from '../format.ts';
import { measurements, measurementsQuestion, overview } from '../state.ts';
import { Icon } from '../verdict.tsx';
import { go, say, view, word } from '../view.ts';
import { OUTCOMES } from '../words.ts';
import { type Column, Table } from './table.tsx';

export function MeasurementsTable() {
  const [open, setOpen] = useState<string | null>(null);
  const json = measurementsQuestion.value;
  const rows =
    measurements.question.value === json ? (measurements.answer.value?.items ?? null) : null;
  const { line } = view.value;
  return (
    <>
      <p class="muted">
        {word('latestRows')}
        {line && (
          <>
            {' '}
            · {word('ofLine')} <b>{line}</b>{' '}
            <button type="button" class="link" onClick={() => go({ line: null })}>
              {word('clearLine')}
            </button>
          </>
        )}
      </p>
      <Table<MeasurementRow>
        label={word('measurements')}
        columns={columns(open, setOpen)}
        rows={rows}
        id={(row) => row.id}
        text={(row) =>
          `${row.line} ${row.metric} ${metricTitle(row.metric)} ${row.target} ${row.address ?? ''} IPv${row.family} ${row.outcome} ${row.stage} ${row.code}`
        }
        tools={
          json && (
            <a class="json" href={json}>
              {word('json')}
            </a>
          )
        }
        below={(row) =>
          row.id === open && <pre class="full-row">{JSON.stringify(row, null, 2)}</pre>
        }
      />
    </>
  );
}

function describe(metric: string): MetricDescription | undefined {
  return overview.answer.value?.metrics.find(({ name }) => name === metric);
}

function metricTitle(metric: string): string {
  const found = describe(metric);
  return found ? say(found.title) : metric;
}

function columns(
  open: string | null,
  setOpen: (id: string | null) => void,
): Column<MeasurementRow>[] {
  return [
    {
      key: 'start',
      title: word('start'),
      by: (row) => row.start,
      cell: (row) => (
        <time dateTime={row.start}>
          {dateTime(row.start).slice(0, 10)} {timeOfDay(row.start)}
        </time>
      ),
    },
    {
      key: 'metric',
      title: word('metric'),
      by: (row) => row.metric,
      cell: (row) => (
        <>
          {metricTitle(row.metric)}
          <small>
            <code>{row.method}</code>
          </small>
        </>
      ),
    },
    {
      key: 'line',
      title: word('line'),
      by: (row) => row.line,
      cell: (row) => (
        <>
          {row.line}
          <small>{row.place}</small>
        </>
      ),
    },
    {
      key: 'target',
      title: word('destination'),
      by: (row) => row.target,
      cell: (row) => (
        <>
          <span class="target">{row.target}</span>
          {row.address && row.address !== row.target && <small class="target">{row.address}</small>}
        </>
      ),
    },
    {
      key: 'family',
      title: word('family'),
      by: (row) => row.family,
      cell: (row) => `IPv${row.family}`,
    },
    {
      key: 'outcome',
      title: word('outcome'),
      by: (row) => row.outcome,
      cell: (row) => (
        <>
          <span class={`verdict ${TONES[row.outcome] ?? 'verdict-silent'}`}>
            <Icon path={SHAPES[row.outcome] ?? 'M5 8h6'} />
            {say(OUTCOMES[row.outcome] ?? { zh: row.outcome, en: row.outcome })}
          </span>
          {(row.stage || row.code) && (
            <small>
              <code>{[row.stage, row.code].filter(Boolean).join(' · ')}</code>
            </small>
          )}
        </>
      ),
    },
    {
      key: 'values',
      title: word('values'),
      cell: (row) => <Values row={row} />,
    },
    {
      key: 'actions',
      title: word('follow'),
      cell: (row) => (
        <span class="actions">
          <button
            type="button"
            class="link"
            aria-expanded={row.id === open}
            onClick={() => setOpen(row.id === open ? null : row.id)}
          >
            {word('fullRow')}
          </button>
          <a
            href={question('/v1/measurements', {
              probe: row.probe,
              metric: row.metric,
              limit: 100,
            })}
          >
            {word('json')}
          </a>
        </span>
      ),
    },
  ];
}

/** The first three values by the metric's own order; the rest stand in the full row. */
function Values({ row }: { row: MeasurementRow }) {
  const specs = describe(row.metric)?.values ?? [];
  const printed = specs.flatMap(({ name, title, unit }) => {
    const value = row.values[name];
    return value === undefined ? [] : [`${say(title)} ${quantity(value, unit, name)}`];
  });
  if (printed.length === 0) return <span class="muted">—</span>;
  return (
    <span class="values">
      {printed.slice(0, 3).map((text) => (
        <span key={text}>{text}</span>
      ))}
    </span>
  );
}

const SHAPES: Readonly<Record<string, string>> = {
  ok: 'M3.5 8.5l3 3 6-7',
  failed: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
};
const TONES: Readonly<Record<string, string>> = { ok: 'verdict-met', failed: 'verdict-missed' };
