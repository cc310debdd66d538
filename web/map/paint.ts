/** How a county is painted: a class of the map only where there is a verdict to stand behind it. Pure. */
import type { AreaFigure } from '../../api/contract/figure.ts';
import { type Bin, binOf } from './bins.ts';

/** Name of the fill: `bin-1`…`bin-5`, `insufficient` or `unmeasured`. */
export function paint(item: AreaFigure | undefined, bins: readonly Bin[]): string {
  if (!item || item.figure.observed === 0 || item.figure.value === null) return 'unmeasured';
  if (item.verdict === 'insufficient') return 'insufficient';
  return `bin-${binOf(item.figure.value, bins) + 1}`;
}
