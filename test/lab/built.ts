/** Where the built programs lie, whether this file itself runs built or as its source. */
const root = new URL(import.meta.url.endsWith('.ts') ? '../../.build/' : '../../', import.meta.url);

/** Path of a built program, e.g. `api/main.js`. */
export function builtProgram(path: string): string {
  return new URL(path, root).pathname;
}
