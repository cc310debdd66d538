/** What an error of a request to ClickHouse means for whoever sent it. Pure. */
import { ClickHouseError } from '@clickhouse/client';
import { StoreFault } from './fault.ts';

/**
 * `away`: nobody answered, or the answer was cut, of ClickHouse or of a shard that it asked; whether
 * the work was done is not known.
 * `busy`: ClickHouse was too loaded for it. `full`: its disk was. `fault`: the request itself is at
 * fault, and sent again it would fail again.
 */
export type Trouble = 'away' | 'busy' | 'full' | 'fault';

/**
 * ClickHouse's codes (ErrorCodes.cpp) for a state that passes: TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES,
 * NO_ZOOKEEPER, ABORTED, MEMORY_LIMIT_EXCEEDED, TABLE_IS_READ_ONLY, TOO_MANY_PARTS, TOO_FEW_LIVE_REPLICAS,
 * UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE, UNKNOWN_STATUS_OF_INSERT, ALL_REPLICAS_ARE_STALE, KEEPER_EXCEPTION.
 */
const PASSING: ReadonlySet<string> = new Set(
  [159, 202, 225, 236, 241, 242, 252, 285, 286, 319, 369, 999].map(String),
);
/** For another node that does not answer: DNS_ERROR, SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED. */
const UNREACHED: ReadonlySet<string> = new Set([198, 209, 210, 279].map(String));
/** ATTEMPT_TO_READ_AFTER_EOF; so it calls a node that is lost in the middle, and cut data too. */
const CUT = '32';
const NOT_ENOUGH_SPACE = '243';

export function troubleOf(error: unknown): Trouble {
  const { message } = error as Error;
  if (error instanceof ClickHouseError) {
    if (error.code === NOT_ENOUGH_SPACE || /No space left on device|errno: 28\b/.test(message))
      return 'full';
    if (UNREACHED.has(error.code)) return 'away';
    if (error.code === CUT && message.includes('while receiving packet from')) return 'away';
    return PASSING.has(error.code) ? 'busy' : 'fault';
  }
  // The client throws these for a parameter it cannot write. All else comes from the way: sockets,
  // its own time limit, and answers that ClickHouse did not write.
  return error instanceof TypeError || error instanceof RangeError ? 'fault' : 'away';
}

/** The trouble as a sentence for the user; a fault of the request stays as it is. */
export function troubleFault(trouble: Trouble, cause: unknown): unknown {
  switch (trouble) {
    case 'away':
      return cause instanceof StoreFault ? cause : storeAway(cause);
    case 'busy':
      return new StoreFault(
        'store-busy',
        `数据库正忙,请稍后再试(${reason(cause)})`,
        `the database is too busy, try again later (${reason(cause)})`,
        cause,
      );
    case 'full':
      return new StoreFault(
        'store-full',
        '数据库所在磁盘已满:请腾出空间;已确认的数据都在,未确认的由探针保留',
        'the disk of the database is full: make room; what was acknowledged is kept, the rest waits in the probes',
        cause,
      );
    case 'fault':
      return cause;
  }
}

export function storeAway(cause?: unknown): StoreFault {
  const why =
    cause === undefined ? ['正在重启', 'it is being restarted'] : [reason(cause), reason(cause)];
  return new StoreFault(
    'store-away',
    `数据库暂时没有应答(${why[0]}):请稍后再试`,
    `the database does not answer for now (${why[1]}): try again later`,
    cause,
  );
}

/** The first line that says something: what follows is for the log, which gets the cause. */
function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const lines = (message ?? '').split('\n').map((line) => line.trim());
  // ClickHouse introduces its attempts to reach a node by a line of no content.
  const telling = lines.find((line) => line !== '' && !line.endsWith('Log:'));
  const first = telling?.slice(0, 200) || 'no reason given';
  return code && !first.includes(code) ? `${code}: ${first}` : first;
}
