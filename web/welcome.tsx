/** For a station without evidence: that it works, and how to give it some. */
import type { LineStatistic } from '../api/contract/measurement.ts';
import { count, number, quantity, timeOfDay } from './format.ts';
import { overview, selfTest, unproven } from './state.ts';
import { word } from './view.ts';
import './welcome.css';

export function Welcome() {
  if (!unproven.value) return null;
  const line = selfTest.value;
  return (
    <section class="welcome" aria-labelledby="welcome-title">
      <div>
        <h2 id="welcome-title">
          <span class="pulse" aria-hidden="true" />
          {word('welcomeTitle')}
        </h2>
        <p>{word('welcomeText')}</p>
        {line ? (
          <dl class="live" aria-live="off">
            <Live name="RTT · IPv6" of={line.rttMs[6]} unit="ms" />
            <Live name="RTT · IPv4" of={line.rttMs[4]} unit="ms" />
            <Live name={word('down')} of={line.downBps} unit="bit/s" />
            <Live name={word('up')} of={line.upBps} unit="bit/s" />
          </dl>
        ) : (
          <p class="muted">{word('welcomeWaiting')}</p>
        )}
        {line && (
          <p class="muted">
            <span class="badge">{word('notCounted')}</span> <code>{line.line}</code> ·{' '}
            {count(line.measurements)} {word('runs')}
            {line.newest && ` · ${word('newest')} ${timeOfDay(line.newest)}`}
            {line.rttMs.method && (
              <>
                {' '}
                · {word('method')} <code>{line.rttMs.method}</code>
              </>
            )}
          </p>
        )}
      </div>
      <div class="enrol">
        <h3>{word('enrolTitle')}</h3>
        <p>{word('enrolStation')}</p>
        <pre>
          <code>tongda probe add NAME --line LINE --place CODE --carrier CARRIER</code>
        </pre>
        <p class="muted">{word('enrolHelp')}</p>
        {overview.answer.value && (
          <p class="muted">
            <code>{overview.answer.value.software}</code>
          </p>
        )}
      </div>
    </section>
  );
}

function Live({ name, of, unit }: { name: string; of: LineStatistic | null; unit: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {of === null ? (
          <span class="muted">{word('noEvidence')}</span>
        ) : unit === 'ms' ? (
          `${number(of.median)} ms`
        ) : (
          quantity(of.median, unit)
        )}
      </dd>
    </div>
  );
}
