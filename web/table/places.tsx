/** Places of the area looked at, with their figure of the chosen target; a name leads one level down. */
import type { AreaFigure, FigureSubject } from '../../api/contract/figure.ts';
import type { Level } from '../../api/contract/place.ts';
import type { Goal } from '../../api/contract/target.ts';
import { count, figure as printFigure, interval as printInterval } from '../format.ts';
import { levelsBelow } from '../place.ts';
import { area, level, names, places, target } from '../state.ts';
import { Disputed, standingWord, VerdictMark } from '../verdict.tsx';
import { go, say, word } from '../view.ts';
import { LEVELS, SENTENCES } from '../words.ts';
import { type Column, Table } from './table.tsx';

export function PlacesTable() {
  const aim = target.value;
  if (level.value === null || !aim)
    return <p class="waiting">{word(aim ? 'noLevelBelow' : 'loading')}</p>;
  const { coverage, json } = places.value;
  return (
    <Table<AreaFigure>
      label={`${word('places')}, ${say(aim.title)}`}
      columns={columns(aim.goal, aim.overall.figure.subject)}
      rows={coverage?.items ?? null}
      id={(row) => row.area.code}
      text={(row) =>
        `${row.area.name} ${row.area.code} ${names.value.get(row.area.code.slice(0, 4)) ?? ''} ${standingWord(row)}`
      }
      tools={
        <>
          <LevelMenu />
          {json && (
            <a class="json" href={json}>
              {word('json')}
            </a>
          )}
        </>
      }
    />
  );
}

function LevelMenu() {
  return (
    <label class="control">
      <span>{word('listBy')}</span>
      <select
        value={level.value ?? ''}
        onChange={(event) => go({ level: event.currentTarget.value as Level })}
      >
        {levelsBelow(area.value ?? '').map((name) => (
          <option key={name} value={name}>
            {say(LEVELS[name])}
          </option>
        ))}
      </select>
    </label>
  );
}

function columns(goal: Goal, subject: FigureSubject): Column<AreaFigure>[] {
  return [
    {
      key: 'place',
      title: word('place'),
      by: (row) => row.area.name,
      cell: ({ area: { code, name } }) => (
        <>
          <button
            type="button"
            class="link"
            onClick={() => go({ area: code, level: null, line: null }, true)}
          >
            {name}
          </button>{' '}
          <code class="code">{code}</code>
          <Disputed within={code} />
        </>
      ),
    },
    {
      key: 'verdict',
      title: word('verdict'),
      by: (row) => standingWord(row),
      cell: (row) => <VerdictMark of={row} />,
    },
    {
      key: 'value',
      title: word('value'),
      numeric: true,
      by: (row) => row.figure.value,
      cell: ({ figure: { value, unit, kind } }) =>
        value === null ? (
          <span class="muted">{word('noEvidence')}</span>
        ) : (
          printFigure(value, unit, kind, goal.value, goal.bound)
        ),
    },
    {
      key: 'interval',
      title: word('interval'),
      numeric: true,
      by: (row) => row.figure.interval?.low ?? null,
      cell: ({ figure: { interval, unit, kind } }) =>
        interval ? (
          printInterval(interval.low, interval.high, unit, kind)
        ) : (
          <span class="muted">—</span>
        ),
    },
    {
      key: 'lines',
      title: say(SENTENCES.observed(subject)),
      numeric: true,
      by: (row) => row.figure.observed,
      cell: ({ figure }) => `${count(figure.observed)} / ${count(figure.registered)}`,
    },
    {
      key: 'villages',
      title: word('placesOf'),
      numeric: true,
      by: (row) => row.figure.placesObserved,
      cell: ({ figure }) => `${count(figure.placesObserved)} / ${count(figure.placesRegistered)}`,
    },
  ];
}
