/** A verdict as icon and word: colour never speaks alone. */
import type { AreaFigure, Verdict } from '../api/contract/figure.ts';
import { count } from './format.ts';
import { disputed } from './state.ts';
import { say, word } from './view.ts';
import { SENTENCES, VERDICTS } from './words.ts';

/** Drawn in 16 × 16; each a different shape, not only a different colour. */
const SHAPES: Readonly<Record<Verdict | 'silent', string>> = {
  met: 'M3.5 8.5l3 3 6-7',
  missed: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  undecided: 'M3.5 6.5q2.2-2 4.5 0t4.5 0M3.5 10.5q2.2-2 4.5 0t4.5 0',
  insufficient: 'M4 8h.01M8 8h.01M12 8h.01',
  silent: 'M5 8h6',
};

/** Nothing observed is not the same as too little observed. */
function standing({ verdict, figure }: Pick<AreaFigure, 'verdict' | 'figure'>): Verdict | 'silent' {
  return figure.observed === 0 ? 'silent' : verdict;
}

export function standingWord(of: Pick<AreaFigure, 'verdict' | 'figure'>): string {
  const what = standing(of);
  return what === 'silent' ? word('noEvidence') : say(VERDICTS[what]);
}

export function VerdictMark({ of }: { of: Pick<AreaFigure, 'verdict' | 'figure'> }) {
  const what = standing(of);
  return (
    <span class={`verdict verdict-${what}`}>
      <Icon path={SHAPES[what]} />
      {standingWord(of)}
    </span>
  );
}

/** Nothing where no standing of the place is disputed. */
export function Disputed({ within }: { within: string }) {
  const found = disputed(within);
  return found > 0 ? <strong> {say(SENTENCES.disputed(count(found)))}</strong> : null;
}

export function Icon({ path }: { path: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}
