/** What is wrong with a row of places where it does not fit the versions there are. Pure. */
import type { Event } from './place-events.ts';
import { PLACE_ACTIONS } from './place-file.ts';
import type { RowFaults } from './row-faults.ts';

/** Said of a place on a day. */
const SAYINGS = {
  'place-unknown': ['当天不在登记册中', 'is not in the register on that day'],
  'place-exists': [
    `当天已在登记册中,名称、类别、说明或截止日期不同:请用${PLACE_ACTIONS.rename}或${PLACE_ACTIONS.close}`,
    'is there that day with another name, kind, note or end: use rename or close',
  ],
  'later-version': [
    '当天之后还有已登记的版本,不能在此之前终止:请改在最后一个版本之内',
    'has a version that begins later and cannot end before it: let it end within the last one',
  ],
  'place-overlap': ['与同代码的另一版本重叠', 'overlaps another version of its code'],
  'place-version-exists': ['当天已有另一版本', 'has another version from that very day'],
  'ends-before-begins': ['在当天或之后才开始', 'begins on that day or later'],
  'successor-unknown': [
    '当天不在登记册中,不能并入',
    'is not in the register on that day: nothing can merge into it',
  ],
  'name-missing': ['是新地点,缺少名称', 'is new and wants a name'],
} as const;

export type PlaceFault = keyof typeof SAYINGS;

/** @param place its code; what is said of it is of the row's day */
export function blamePlace(
  faults: RowFaults,
  { line, day }: Event,
  column: string,
  code: PlaceFault,
  place: string,
): void {
  const [zh, en] = SAYINGS[code];
  faults.add(line, column, code, `${place} ${zh}(${day})`, `${place} ${en} (${day})`, place);
}
