/** uPlot inside Preact: built anew when what is drawn changes in kind, fed when only data changed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Series } from '../../api/contract/measurement.ts';
import { quantity } from '../format.ts';
import { language, say, word } from '../view.ts';
import { aligned } from './aligned.ts';
import type { ChartGoal } from './goal.ts';
import { type Marks, plotOptions } from './options.ts';
import 'uplot/dist/uPlot.min.css';

interface Props {
  series: Series;
  goal: ChartGoal | null;
  /** What the chart shows, in words. */
  label: string;
  /** Bucket under the pointer; null: none. */
  onCursor(index: number | null): void;
}

/** CSS pixels; the panel may give more. */
const LEAST_HEIGHT = 340;

export function Plot({ series, goal, label, onCursor }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // The options read what is newest, so that fresh data need no new plot.
  const marks = useRef<Marks>({ series, goal: null });
  const dark = useDark();
  const goalText = goal && `${word('goal')} ${quantity(goal.value, series.unit, series.value)}`;
  marks.current = { series, goal: goal && { value: goal.value, text: goalText ?? '' } };

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const sizeOf = () => ({
      width: element.clientWidth,
      height: Math.max(LEAST_HEIGHT, element.clientHeight),
    });
    const made = new uPlot(
      plotOptions(sizeOf(), getComputedStyle(element), () => marks.current, onCursor),
      aligned(series),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => {
      const size = sizeOf();
      if (size.width > 0 && (size.width !== made.width || size.height !== made.height))
        made.setSize(size);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [dark, language.value, series.metric, series.value]);

  useEffect(() => {
    plot.current?.setData(aligned(series));
  }, [series, goal?.value]);

  const about = goal ? `${label}; ${say(goal.title)}: ${goalText}` : label;
  return <div ref={host} class="plot" role="img" aria-label={about} />;
}

function useDark(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'));
  const [dark, setDark] = useState(query.matches);
  useEffect(() => {
    const follow = () => setDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, [query]);
  return dark;
}
