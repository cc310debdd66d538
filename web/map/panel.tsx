/** The map with its heading, legend and sources. */
import { levelOf } from '../place.ts';
import { area, cities, counties, geometry, overview, target } from '../state.ts';
import { go, say, word } from '../view.ts';
import { binsFor } from './bins.ts';
import { CountyMap } from './county-map.tsx';
import { Legend } from './legend.tsx';
import './map.css';

export function MapPanel() {
  const drawing = geometry.answer.value;
  const coverage = counties.answer.value;
  const aim = target.value;
  const bins = aim ? binsFor(aim.goal, aim.unit) : [];
  const city = area.value && levelOf(area.value) !== 'province' ? area.value.slice(0, 4) : '';
  return (
    <section class="panel map-panel" aria-labelledby="map-title">
      <header class="panel-head">
        <div>
          <h2 id="map-title">{word('map')}</h2>
          <p class="muted">{aim ? say(aim.title) : word('loading')}</p>
        </div>
        <label class="control">
          <span>{word('city')}</span>
          <select
            value={city}
            onChange={(event) =>
              go({ area: event.currentTarget.value || null, level: null, line: null }, true)
            }
          >
            <option value="">{word('wholeArea')}</option>
            {(cities.answer.value?.items ?? []).map(({ area: { code, name } }) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      <div class="map-frame" aria-busy={!drawing || !coverage}>
        {drawing && aim && overview.answer.value ? (
          <CountyMap
            drawing={drawing}
            coverage={coverage?.target === aim.id ? coverage : null}
            bins={bins}
            goal={aim.goal}
            selected={area.value}
          />
        ) : (
          <p class="waiting">{word('loading')}</p>
        )}
      </div>
      {aim && (
        <Legend
          bins={bins}
          target={aim}
          items={coverage?.target === aim.id ? coverage.items : []}
          drawn={new Set(drawing?.counties.map(({ code }) => code))}
        />
      )}
      {drawing && (
        <p class="fine">
          <strong>
            {drawing.approval ? `${word('approval')} ${drawing.approval}` : word('notApproved')}
          </strong>
          <span class="zoom-hint">{word('zoomHint')}</span>
          <span>
            {word('boundaries')}: {drawing.source} ({drawing.crs})
          </span>
        </p>
      )}
    </section>
  );
}
