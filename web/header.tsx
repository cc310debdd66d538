/** Title, month, carrier, language and the way to the monthly reports. */
import type { EditionRow } from '../api/contract/edition.ts';
import { dateTime, monthName } from './format.ts';
import { overview, reports } from './state.ts';
import { go, language, say, switchLanguage, view, word } from './view.ts';
import { SENTENCES } from './words.ts';

export function Header() {
  const known = overview.answer.value;
  const newest = known?.counts.newest;
  return (
    <header class="top">
      <div class="top-inner">
        <div class="brand">
          <Mark />
          <h1>
            <span class="brand-name">{word('brand')}</span>
            <span class="brand-plan">{known ? say(known.plan.title) : word('loading')}</span>
          </h1>
        </div>
        <div class="controls">
          <label class="control">
            <span>{word('month')}</span>
            <select
              value={known?.month ?? ''}
              onChange={(event) => {
                const month = event.currentTarget.value;
                go({ month: month === known?.months[0] ? null : month, range: null }, true);
              }}
            >
              {(known?.months ?? []).map((month) => (
                <option key={month} value={month}>
                  {monthName(month, language.value)}
                </option>
              ))}
            </select>
          </label>
          <label class="control">
            <span>{word('carrier')}</span>
            <select
              value={view.value.carrier ?? ''}
              onChange={(event) => go({ carrier: event.currentTarget.value || null }, true)}
            >
              <option value="">{word('allCarriers')}</option>
              {(known?.carriers ?? []).map(({ code, title }) => (
                <option key={code} value={code}>
                  {say(title)}
                </option>
              ))}
            </select>
          </label>
          <Reports />
          <button
            type="button"
            class="quiet"
            lang={language.value === 'zh' ? 'en' : 'zh-CN'}
            onClick={switchLanguage}
          >
            {word('switchLanguage')}
          </button>
        </div>
        <p class="as-of">
          {newest ? (
            <>
              {word('dataAsOf')} <time dateTime={newest}>{dateTime(newest)}</time>{' '}
              {word('beijingTime')}
            </>
          ) : (
            word(known ? 'noData' : 'loading')
          )}
        </p>
      </div>
    </header>
  );
}

function Reports() {
  const editions = reports.answer.value ?? [];
  return (
    <details class="reports">
      <summary>
        {word('reports')}
        {editions.length > 0 && <span class="badge">{editions.length}</span>}
      </summary>
      <div class="reports-list">
        {editions.length === 0 && <p>{word('noReports')}</p>}
        <ul>
          {editions.map((edition) => (
            <Edition key={`${edition.month}/${edition.edition}`} edition={edition} />
          ))}
        </ul>
      </div>
    </details>
  );
}

function Edition({
  edition: { month, edition, formats, sealedAt, sha256 },
}: {
  edition: EditionRow;
}) {
  return (
    <li>
      <strong>
        {monthName(month, language.value)} · {say(SENTENCES.edition(edition))}
      </strong>
      <span class="formats">
        {formats.map((format) => (
          <a key={format} href={`/v1/monthly-reports/${month}/${edition}/report.${format}`}>
            {format.toUpperCase()}
          </a>
        ))}
      </span>
      <small>
        {word('sealed')} {dateTime(sealedAt)} · SHA-256 <code>{sha256.slice(0, 12)}…</code>
      </small>
    </li>
  );
}

/** One line that reaches every place: the sign of the page. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="36" height="36" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M16 22V10M16 16l-7 6M16 16l7 6" />
      <circle cx="16" cy="9" r="3" />
      <circle cx="8.5" cy="23" r="3" />
      <circle cx="16" cy="23" r="3" />
      <circle cx="23.5" cy="23" r="3" />
    </svg>
  );
}
