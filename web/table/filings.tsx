/** Who filed of the month, and which standings are disputed, whatever target is chosen. */
import type { ChallengeRow } from '../../api/contract/challenge.ts';
import type { FilingRow } from '../../api/contract/filing.ts';
import { count, dateTime } from '../format.ts';
import { challenges, challengesQuestion, filings, overview } from '../state.ts';
import { go, say, word } from '../view.ts';
import { FILINGS } from '../words.ts';
import { type Column, Table } from './table.tsx';

export function Filings() {
  const filed = filings.answer.value;
  return (
    <>
      <Table<FilingRow>
        label={word('filings')}
        columns={filingColumns()}
        rows={filed?.items ?? null}
        id={({ carrier }) => carrier}
        text={({ carrier, state }) => `${carrierName(carrier)} ${say(FILINGS[state])}`}
        tools={
          filed && (
            <p>
              {word('due')} {dateTime(filed.due)}
            </p>
          )
        }
      />
      <h3>{word('challenges')}</h3>
      <Table<ChallengeRow>
        label={word('challenges')}
        columns={challengeColumns()}
        rows={challenges.answer.value?.items ?? null}
        id={({ id }) => id}
        text={(row) => `${row.place.name} ${row.place.code} ${targetName(row)} ${row.reason}`}
        tools={
          challengesQuestion.value && (
            <a class="json" href={challengesQuestion.value}>
              {word('json')}
            </a>
          )
        }
      />
    </>
  );
}

/** A carrier's, or the code of whoever the plan does not name. */
function carrierName(code: string): string {
  const found = overview.answer.value?.carriers.find((one) => one.code === code);
  return found ? say(found.title) : code;
}

function targetName({ target }: ChallengeRow): string {
  const found = overview.answer.value?.targets.find(({ id }) => id === target);
  return found ? say(found.title) : target;
}

function filingColumns(): Column<FilingRow>[] {
  return [
    { key: 'carrier', title: word('carrier'), cell: ({ carrier }) => carrierName(carrier) },
    { key: 'state', title: word('state'), cell: ({ state }) => say(FILINGS[state]) },
    { key: 'version', title: word('version'), numeric: true, cell: (row) => row.versions || '—' },
    {
      key: 'received',
      title: word('received'),
      cell: ({ received }) => (received ? dateTime(received) : '—'),
    },
    {
      key: 'rows',
      title: word('filedRows'),
      numeric: true,
      cell: ({ places, areas }) => `${count(places)} / ${count(areas)}`,
    },
  ];
}

function challengeColumns(): Column<ChallengeRow>[] {
  return [
    {
      key: 'place',
      title: word('place'),
      cell: ({ place: { code, name }, target, carrier }) => (
        <button
          type="button"
          class="link"
          onClick={() =>
            // Among its neighbours; a hamlet is shown by its village.
            go({ area: code.slice(0, 9), level: 'village', target, carrier, tab: null }, true)
          }
        >
          {name || code}
        </button>
      ),
    },
    { key: 'target', title: word('target'), cell: targetName },
    { key: 'carrier', title: word('carrier'), cell: ({ carrier }) => carrierName(carrier) },
    {
      key: 'state',
      title: word('state'),
      cell: ({ title, awaits, href }) => (
        <>
          <a href={href}>{say(title)}</a>
          {awaits && ` · ${word('due')} ${dateTime(awaits.due)}`}
        </>
      ),
    },
    {
      key: 'opened',
      title: word('opened'),
      by: ({ opened }) => opened,
      cell: ({ opened, party }) => `${dateTime(opened)} ${carrierName(party)}`,
    },
    { key: 'reason', title: word('reason'), cell: ({ reason }) => reason },
  ];
}
