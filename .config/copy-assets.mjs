// tsc carries over only what it compiles; SQL, plans and the register's files travel beside it,
// so that `new URL('./schema/', import.meta.url)` holds in the sources and in the build alike.
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';

const ASSET = /\.(sql|yaml|csv|gz|json)$/;

for (const folder of ['sql', 'ingest', 'api']) {
  // A file that was renamed must not stay beside itself: folders are read as lists.
  for (const file of readdirSync(`.build/${folder}`, { recursive: true }))
    if (ASSET.test(file) && !existsSync(`${folder}/${file}`)) rmSync(`.build/${folder}/${file}`);
  cpSync(folder, `.build/${folder}`, {
    recursive: true,
    filter: (path) => !/\.\w+$/.test(path) || ASSET.test(path),
  });
}
