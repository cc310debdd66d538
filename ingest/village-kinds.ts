/**
 * The kinds that villages are of. A figure counts villages by kinds, and one whose kind it does not know
 * counts nowhere: a kind that no village has is a slip. Pure.
 */
import type { Event } from './place-events.ts';
import type { PlaceVersion } from './place-history.ts';
import { levelOf } from './register.ts';
import type { RowFaults } from './row-faults.ts';

export class VillageKinds {
  readonly #known: ReadonlySet<string>;
  readonly #faults: RowFaults;

  /** @param places that are there already: theirs are the kinds there are */
  constructor(places: readonly PlaceVersion[], faults: RowFaults) {
    const villages = places.filter(({ level, kind }) => level === 'village' && kind !== '');
    this.#known = new Set(villages.map(({ kind }) => kind));
    this.#faults = faults;
  }

  /** Blames a row that names a kind no village has; the first villages may be of any. */
  refuseUnknown(event: Event): void {
    const { code, kind } = event.row;
    if (kind === '' || levelOf(code) !== 'village') return;
    if (this.#known.size > 0 && !this.#known.has(kind)) this.#blame(event, 'kind-unknown', kind);
  }

  /** Blames a row that adds a village and names no kind. */
  refuseMissing(event: Event): void {
    const { code, kind } = event.row;
    if (kind === '' && levelOf(code) === 'village') this.#blame(event, 'kind-missing', code);
  }

  #blame({ line }: Event, code: 'kind-missing' | 'kind-unknown', text: string): void {
    const kinds = [...this.#known].sort();
    const [zh, en] =
      code === 'kind-missing'
        ? [`${text} 是新的村,缺少类别`, `${text} is a new village and wants a kind`]
        : [`没有类别为 ${text} 的村`, `no village is of kind ${text}`];
    this.#faults.add(
      line,
      'kind',
      code,
      `${zh};有:${kinds.join('、')}`,
      `${en}; there are: ${kinds.join(', ')}`,
      text,
    );
  }
}
