/** The interval of a figure beside its goal, drawn to a stated scale. */
import type { Figure } from '../api/contract/figure.ts';
import type { Goal } from '../api/contract/target.ts';
import { quantity } from './format.ts';
import { intervalDomain } from './interval-domain.ts';
import { word } from './view.ts';

/** Positions are percentages, so that the bar stretches without distorting what is drawn. */
export function IntervalBar({ figure, goal }: { figure: Figure; goal: Goal }) {
  const [from, to] = intervalDomain(figure, goal.value);
  const at = (value: number) => `${(((value - from) / (to - from)) * 100).toFixed(2)}%`;
  const print = (value: number) => quantity(value, figure.unit, figure.kind);
  const { interval, value } = figure;
  return (
    <div class="interval-bar" aria-hidden="true">
      <svg width="100%" height="26" aria-hidden="true">
        <line class="track" x1="0" x2="100%" y1="15" y2="15" />
        {interval && (
          <line class="range" x1={at(interval.low)} x2={at(interval.high)} y1="15" y2="15" />
        )}
        {value !== null && <circle class="point" cx={at(value)} cy="15" r="5.5" />}
        <line class="goal" x1={at(goal.value)} x2={at(goal.value)} y1="3" y2="26" />
      </svg>
      <div class="interval-ends">
        <span>{print(from)}</span>
        <span>{interval ? word('interval') : value === null ? '' : word('noInterval')}</span>
        <span>{print(to)}</span>
      </div>
    </div>
  );
}
