/** Where the embedded engine's library lies: an optional dependency, one package a platform. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StoreFault } from './fault.ts';

const LIBRARIES: Readonly<Record<string, string>> = {
  'linux-x64': '@chdb/lib-linux-x64-gnu',
  'linux-arm64': '@chdb/lib-linux-arm64-gnu',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'darwin-arm64': '@chdb/lib-darwin-arm64',
};

/**
 * Path of the engine's library for a platform.
 *
 * @throws StoreFault `engine-not-installed`
 */
export function engineLibrary(
  platform = `${process.platform}-${process.arch}`,
  locate: (name: string) => string = createRequire(import.meta.url).resolve,
): string {
  const name = LIBRARIES[platform];
  try {
    if (!name) throw new Error(`no library is published for ${platform}`);
    locate('ffi-rs');
    return join(dirname(locate(`${name}/package.json`)), 'libchdb.so');
  } catch (cause) {
    throw new StoreFault(
      'engine-not-installed',
      `未安装内置数据库引擎(${name ?? platform}):请重新运行 npm install,不要带 --omit=optional;或设置 TONGDA_CLICKHOUSE_URL 使用外部 ClickHouse`,
      `the embedded engine (${name ?? platform}) is not installed: run npm install again without --omit=optional, or set TONGDA_CLICKHOUSE_URL to use a ClickHouse server`,
      cause,
    );
  }
}
