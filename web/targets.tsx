/** The plan's targets: verdict, figure, goal, and what stands behind them. */
import type { Progress, Target } from '../api/contract/target.ts';
import {
  count,
  dateTime,
  figure as printFigure,
  interval as printInterval,
  quantity,
} from './format.ts';
import { IntervalBar } from './interval-bar.tsx';
import { target as chosen, overview, progress } from './state.ts';
import { Disputed, VerdictMark } from './verdict.tsx';
import { go, say, word } from './view.ts';
import { SENTENCES, SUBJECTS } from './words.ts';
import './targets.css';

export function Targets() {
  const known = overview.answer.value;
  const shown = chosen.value;
  return (
    <section id="targets" aria-labelledby="targets-title">
      <h2 id="targets-title" class="section-title">
        {word('targets')}
        {known && (
          <small>
            {say(
              SENTENCES.lede(
                count(known.targets.filter(({ overall }) => overall.verdict === 'met').length),
                count(known.targets.length),
              ),
            )}{' '}
            · {word('choose')}
          </small>
        )}
      </h2>
      <div class="targets">
        {known && shown ? (
          <Card target={shown} />
        ) : (
          <div class="card card-waiting" aria-hidden="true" />
        )}
        <ol class="target-list">
          {known?.targets.map((target) => (
            <li key={target.id}>
              <Row target={target} selected={target === shown} />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

/** A target in short; chosen, it is the card, the map and the tables. */
function Row({ target: { id, title, goal, overall }, selected }: RowProps) {
  const { value, unit, kind, observed, registered, subject } = overall.figure;
  return (
    <button
      type="button"
      class="target-row"
      aria-pressed={selected}
      onClick={() => {
        go({ target: id });
        // On a small screen the card stands above the list, out of sight.
        document.getElementById(CARD)?.scrollIntoView({ block: 'nearest' });
      }}
    >
      <span class="row-title">{say(title)}</span>
      <VerdictMark of={overall} />
      {value !== null && (
        <span class="row-value">{printFigure(value, unit, kind, goal.value, goal.bound)}</span>
      )}
      <small>
        {word('goal')} {BOUNDS[goal.bound]} {quantity(goal.value, unit, kind)} · {count(observed)} /{' '}
        {count(registered)} {say(SUBJECTS[subject])}
      </small>
    </button>
  );
}

interface RowProps {
  target: Target;
  selected: boolean;
}

const CARD = 'target-card';
const BOUNDS = { atLeast: '≥', atMost: '≤' } as const;

function Card({ target }: { target: Target }) {
  const { overall, goal, title, source, minimumObserved, due } = target;
  const { figure } = overall;
  const { value, unit, kind, interval } = figure;
  return (
    <article class="card" id={CARD}>
      <header>
        <h3>{say(title)}</h3>
        <span>
          <VerdictMark of={overall} />
          <Disputed within="" />
        </span>
      </header>
      <p class={value === null ? 'card-value card-silent' : 'card-value'}>
        {value === null ? (
          word('noEvidence')
        ) : (
          <Value text={printFigure(value, unit, kind, goal.value, goal.bound)} />
        )}
      </p>
      <p class="card-goal">
        <span class="goal-mark" aria-hidden="true" />
        {word('goal')} {BOUNDS[goal.bound]} {quantity(goal.value, unit, kind)}
        <span class={`basis basis-${goal.basis}`}>
          {word(goal.basis === 'plan' ? 'goalPlan' : 'goalAssumed')}
        </span>
      </p>
      <IntervalBar figure={figure} goal={goal} />
      <dl class="facts">
        <Fact name={word('interval')}>
          {interval
            ? printInterval(interval.low, interval.high, unit, kind)
            : value === null
              ? '—'
              : word('noInterval')}
        </Fact>
        {figure.passed !== null && (
          <Fact name={word(figure.base === null ? 'passed' : 'sums')}>
            {count(figure.passed)} / {count(figure.base ?? figure.observed)}
          </Fact>
        )}
        {figure.standings && (
          <Fact name={word('standings')}>{say(SENTENCES.standings(figure.standings))}</Fact>
        )}
        <Fact name={say(SENTENCES.observed(figure.subject))}>
          {count(figure.observed)} / {count(figure.registered)}
        </Fact>
        <Fact name={word('placesObserved')}>
          {count(figure.placesObserved)} / {count(figure.placesRegistered)}
        </Fact>
        {progress.answer.value?.target === target.id && (
          <Way of={progress.answer.value} unit={unit} kind={kind} />
        )}
      </dl>
      <p class="card-note">{say(goal.note)}</p>
      <footer>
        <ul class="card-meta">
          {figure.asOf && (
            <li>
              {word('asOf')} {dateTime(figure.asOf)}
            </li>
          )}
          <li>
            {word('due')} {due}
          </li>
          <li>
            {word('source')} {source}
          </li>
          <li>
            {word('method')} <code>{figure.method}</code>
          </li>
          <li>{say(SENTENCES.minimum(count(minimumObserved)))}</li>
        </ul>
      </footer>
    </article>
  );
}

/** What is still wanting, and where the months so far lead. */
function Way({ of, unit, kind }: { of: Progress; unit: string; kind: string }) {
  const { goal, gap, monthsLeft, pacePerMonth, forecast, due } = of;
  if (gap === null) return null;
  const print = (value: number) => quantity(value, unit, kind);
  return (
    <>
      <Fact name={word('gap')}>
        {gap <= 0 ? '—' : print(gap)}
        {pacePerMonth !== null && ` · ${say(SENTENCES.pace(print(pacePerMonth), goal.bound))}`}
        {gap > 0 && monthsLeft <= 0 && ` · ${word('overdue')}`}
      </Fact>
      {forecast !== null && forecast.atDue !== null && (
        <Fact name={word('forecast')}>
          {say(SENTENCES.atDue(due.slice(0, 7), print(forecast.atDue)))}
          {forecast.low !== null &&
            forecast.high !== null &&
            ` (${printInterval(forecast.low, forecast.high, unit, kind)})`}
        </Fact>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The number large, its unit small. */
function Value({ text }: { text: string }) {
  const [, digits = text, unit = ''] = /^([−\d.,]+)\s*(.*)$/.exec(text) ?? [];
  return (
    <>
      {digits}
      <span class={unit === '%' ? 'card-unit' : 'card-unit card-unit-word'}>{unit}</span>
    </>
  );
}
