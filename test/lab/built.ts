/** Where what was built lies, whether this file itself runs built or as its source. */
const root = new URL(import.meta.url.endsWith('.ts') ? '../../.build/' : '../../', import.meta.url);

/** Path of a built program or of a file that travels with it, e.g. `api/main.js`. */
export function builtFile(path: string): string {
  return new URL(path, root).pathname;
}
