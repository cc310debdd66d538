// tsc carries over only what it compiles; SQL, plans and the register's files travel beside it,
// so that `new URL('./schema/', import.meta.url)` holds in the sources and in the build alike.
import { cpSync } from 'node:fs';

const ASSET = /\.(sql|yaml|csv|gz|json)$/;

for (const folder of ['sql', 'ingest', 'api']) {
  cpSync(folder, `.build/${folder}`, {
    recursive: true,
    filter: (path) => !/\.\w+$/.test(path) || ASSET.test(path),
  });
}
