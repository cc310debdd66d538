/**
 * The embedded engine's process: loads the ClickHouse library that chDB publishes for npm and lets
 * its clickhouse-local listen on HTTP until standard input closes, which it does when the parent
 * stops, exits or is killed.
 *
 * argv: LIBRARY DATA_PATH HTTP_PORT CONFIG_XML [NATIVE_PORT], paths absolute. With a native port it
 * listens to other engines of its cluster as well; without one it does not.
 */
import { DataType, load, open } from 'ffi-rs';

const [library = '', path = '', port = '', config = '', nativePort] = process.argv.slice(2);

// SIGKILL is the way out: the library's own exit would wait for its sleeping query, and what was
// acknowledged is on disk already.
const end = () => process.kill(process.pid, 'SIGKILL');
process.stdin.resume().on('end', end).on('error', end);

open({ library: 'chdb', path: library });

const argv = [
  'clickhouse',
  `--path=${path}`,
  `--config-file=${config}`,
  `--http_port=${port}`,
  ...(nativePort ? [`--tcp_port=${nativePort}`] : []),
  '--listen_host=127.0.0.1',
  '--query',
  // The listener lives as long as the query that follows it: about a century.
  // The native one first: whoever finds HTTP answering finds the whole engine there.
  `${nativePort ? 'SYSTEM START LISTEN TCP;' : ''}
   SYSTEM START LISTEN HTTP;
   SELECT sleepEachRow(3) FROM numbers(1000000000)
   SETTINGS function_sleep_max_microseconds_per_block = 0, max_block_size = 1 FORMAT Null`,
];

// In a thread of its own, so that this one hears standard input close.
await load({
  library: 'chdb',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
  runInNewThread: true,
});

// It returns only when it could not start; the reason stands on standard error.
process.exit(1);
