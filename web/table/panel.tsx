/** Details below the map: places, lines, measurements of the area looked at; who filed, and what is disputed. */
import type { Tab } from '../address.ts';
import { lineage } from '../place.ts';
import { area, names } from '../state.ts';
import { go, view, word } from '../view.ts';
import { Filings } from './filings.tsx';
import { LinesTable } from './lines.tsx';
import { MeasurementsTable } from './measurements.tsx';
import { PlacesTable } from './places.tsx';
import './table.css';

const TABS: readonly Tab[] = ['places', 'lines', 'measurements', 'filings'];

export function TablePanel() {
  const tab = view.value.tab ?? 'places';
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
    if (step === 0 || !next) return;
    event.preventDefault();
    go({ tab: next });
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <section class="panel" aria-labelledby="details-title">
      <header class="panel-head">
        <div>
          <h2 id="details-title">{word('details')}</h2>
          <Breadcrumb />
        </div>
        <div class="tabs" role="tablist" aria-labelledby="details-title" onKeyDown={onKeyDown}>
          {TABS.map((name) => (
            <button
              key={name}
              id={`tab-${name}`}
              type="button"
              role="tab"
              aria-selected={name === tab}
              aria-controls="tab-panel"
              tabindex={name === tab ? 0 : -1}
              onClick={() => go({ tab: name })}
            >
              {word(name)}
            </button>
          ))}
        </div>
      </header>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'places' ? (
          <PlacesTable />
        ) : tab === 'lines' ? (
          <LinesTable />
        ) : tab === 'measurements' ? (
          <MeasurementsTable />
        ) : (
          <Filings />
        )}
      </div>
    </section>
  );
}

function Breadcrumb() {
  const codes = area.value ? lineage(area.value) : [];
  return (
    <nav class="breadcrumb" aria-label={word('breadcrumb')}>
      <ol>
        {codes.map((code, index) => {
          const name = names.value.get(code) ?? code;
          return (
            <li key={code}>
              {index === codes.length - 1 ? (
                <span aria-current="location">{name}</span>
              ) : (
                <button
                  type="button"
                  class="link"
                  onClick={() =>
                    go({ area: index === 0 ? null : code, level: null, line: null }, true)
                  }
                >
                  {name}
                </button>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
