/** A table one can sort and filter; it says how many of its rows it shows. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { count } from '../format.ts';
import { say, word } from '../view.ts';
import { SENTENCES } from '../words.ts';
import { type Cell, type Direction, matches, sorted } from './sort.ts';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  readonly numeric?: boolean;
  /** What the column is sorted by; without it, it is not. */
  readonly by?: (row: Row) => Cell;
  readonly cell: (row: Row) => ComponentChildren;
}

interface Props<Row> {
  label: string;
  columns: readonly Column<Row>[];
  /** null: on the way. */
  rows: readonly Row[] | null;
  id: (row: Row) => string;
  /** What the filter looks in. */
  text: (row: Row) => string;
  /** Beside the filter. */
  tools?: ComponentChildren;
  /** Under a row, where there is more to say. */
  below?: (row: Row) => ComponentChildren;
}

/** Rows drawn at once: more than anyone reads, and the page stays quick. */
const MOST_ROWS = 100;

export function Table<Row>({ label, columns, rows, id, text, tools, below }: Props<Row>) {
  const [filter, setFilter] = useState('');
  const [order, setOrder] = useState<{ key: string; direction: Direction } | null>(null);
  const by = columns.find(({ key }) => key === order?.key)?.by;
  const found = (rows ?? []).filter((row) => matches(text(row), filter));
  const ordered = by && order ? sorted(found, by, order.direction) : found;
  const shown = ordered.slice(0, MOST_ROWS);
  return (
    <>
      <div class="table-tools">
        <label class="control">
          <span>{word('filter')}</span>
          <input
            type="search"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
        {tools}
        <p class="table-count" aria-live="polite">
          {rows ? say(SENTENCES.shown(count(shown.length), count(rows.length))) : word('loading')}
        </p>
      </div>
      <section class="table-scroll" tabindex={0} aria-label={label} aria-busy={rows === null}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head
                  key={column.key}
                  column={column}
                  direction={column.key === order?.key ? order.direction : null}
                  onSort={(direction) => setOrder({ key: column.key, direction })}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => {
              const more = below?.(row);
              return [
                <tr key={id(row)}>
                  {columns.map(({ key, numeric, cell }, index) =>
                    index === 0 ? (
                      <th key={key} scope="row">
                        {cell(row)}
                      </th>
                    ) : (
                      <td key={key} class={numeric ? 'numeric' : undefined}>
                        {cell(row)}
                      </td>
                    ),
                  )}
                </tr>,
                more && (
                  <tr key={`${id(row)} below`} class="row-below">
                    <td colSpan={columns.length}>{more}</td>
                  </tr>
                ),
              ];
            })}
          </tbody>
        </table>
        {rows && shown.length === 0 && (
          <p class="waiting">{word(rows.length === 0 ? 'nothingHere' : 'nothingMatches')}</p>
        )}
      </section>
    </>
  );
}

interface HeadProps<Row> {
  column: Column<Row>;
  direction: Direction | null;
  onSort(direction: Direction): void;
}

function Head<Row>({ column: { title, numeric, by }, direction, onSort }: HeadProps<Row>) {
  // Numbers are first wanted large, names from the beginning; then the other way round.
  const first: Direction = numeric ? 'descending' : 'ascending';
  const second: Direction = numeric ? 'ascending' : 'descending';
  const next = direction === first ? second : first;
  return (
    <th scope="col" class={numeric ? 'numeric' : undefined} aria-sort={direction ?? undefined}>
      {by ? (
        <button type="button" class="sort" onClick={() => onSort(next)}>
          {title}
          <span class="sort-mark" aria-hidden="true">
            {direction === 'ascending' ? '▲' : direction === 'descending' ? '▼' : '↕'}
          </span>
        </button>
      ) : (
        title
      )}
    </th>
  );
}
