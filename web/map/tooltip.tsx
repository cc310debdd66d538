/** What is known of the county under the pointer or the focus. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { AreaFigure } from '../../api/contract/figure.ts';
import type { Goal } from '../../api/contract/target.ts';
import { count, figure as printFigure, interval as printInterval } from '../format.ts';
import { names } from '../state.ts';
import { VerdictMark } from '../verdict.tsx';
import { say, word } from '../view.ts';
import { SENTENCES } from '../words.ts';
import type { Box, County } from './shape.ts';

interface Props {
  county: County;
  item: AreaFigure | undefined;
  goal: Goal;
  box: Box;
}

export function Tooltip({ county, item, goal, box }: Props) {
  const card = useRef<HTMLDivElement>(null);
  const across = (county.label[0] - box.x) / box.width;
  const down = (county.label[1] - box.y) / box.height;
  useLayoutEffect(() => {
    // Through CSSOM: a style attribute would fall to the Content-Security-Policy.
    const style = card.current?.style;
    const frame = card.current?.parentElement;
    if (!style || !frame || !card.current) return;
    const { offsetWidth: width, offsetHeight: height } = card.current;
    const x = Math.min(
      Math.max(across * frame.clientWidth, width / 2),
      frame.clientWidth - width / 2,
    );
    const y = down * frame.clientHeight;
    style.left = `${x - width / 2}px`;
    style.top = `${Math.max(0, y > height + 24 ? y - height - 20 : y + 24)}px`;
  });
  const figure = item?.figure;
  return (
    <div ref={card} class="tooltip" aria-hidden="true">
      <p class="tooltip-name">
        {county.name} <small>{names.value.get(county.city)}</small>
      </p>
      {item && figure && (
        <>
          <p class="tooltip-value">
            {figure.value === null ? null : (
              <b>{printFigure(figure.value, figure.unit, figure.kind, goal.value, goal.bound)}</b>
            )}
            <VerdictMark of={item} />
          </p>
          <p>
            {word('interval')}:{' '}
            {figure.interval
              ? printInterval(figure.interval.low, figure.interval.high, figure.unit, figure.kind)
              : word('noInterval')}
          </p>
          <p>
            {say(SENTENCES.observed(figure.subject))}: {count(figure.observed)} /{' '}
            {count(figure.registered)}
          </p>
          <p>
            {word('placesObserved')}: {count(figure.placesObserved)} /{' '}
            {count(figure.placesRegistered)}
          </p>
        </>
      )}
    </div>
  );
}
