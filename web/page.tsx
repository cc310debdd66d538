/** The page: what stands where. */
import { useEffect } from 'preact/hooks';
import { ChartPanel } from './chart/panel.tsx';
import { count, timeOfDay } from './format.ts';
import { Header } from './header.tsx';
import { keepFresh, refresh } from './live.ts';
import { MapPanel } from './map/panel.tsx';
import { overview, troubles } from './state.ts';
import { TablePanel } from './table/panel.tsx';
import { Targets } from './targets.tsx';
import { say, word } from './view.ts';
import { Welcome } from './welcome.tsx';

export function Page() {
  useEffect(keepFresh, []);
  return (
    <>
      <a class="skip" href="#targets">
        {word('skip')}
      </a>
      <Header />
      <Troubles />
      <main>
        <Welcome />
        <Targets />
        <div class="split">
          <MapPanel />
          <ChartPanel />
        </div>
        <TablePanel />
      </main>
      <Footer />
    </>
  );
}

/** Its region is always there, so that a screen reader hears what appears in it. */
function Troubles() {
  return (
    <div class="troubles" aria-live="polite">
      {troubles.value.map((trouble) => (
        <p key={trouble.code} class="trouble">
          <span>
            {say(trouble)} <code>{trouble.code}</code>
          </span>
          <button type="button" class="quiet" onClick={refresh}>
            {word('retry')}
          </button>
        </p>
      ))}
    </div>
  );
}

function Footer() {
  const known = overview.answer.value;
  if (!known) return <footer class="bottom" />;
  const { counts, software, now } = known;
  return (
    <footer class="bottom">
      <dl class="counts">
        <Tally
          name={word('linesHeard')}
          text={`${count(counts.linesHeard)} / ${count(counts.linesRegistered)}`}
        />
        <Tally name={word('measurementsOfMonth')} text={count(counts.measurements)} />
        <Tally name={word('quarantined')} text={count(counts.quarantined)} />
      </dl>
      <p>
        <code>{software}</code> · <a href="/v1/overview">{word('json')}</a> · {word('updated')}{' '}
        {timeOfDay(now)}
      </p>
    </footer>
  );
}

function Tally({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}
