/** What an error of a request to ClickHouse means for whoever sent it. Pure. */
import { ClickHouseError } from '@clickhouse/client';
import { StoreFault } from './fault.ts';

/**
 * `away`: nobody answered, or the answer was cut; whether the work was done is not known.
 * `busy`: ClickHouse was too loaded for it. `full`: its disk was. `fault`: the request itself is at
 * fault, and sent again it would fail again.
 */
export type Trouble = 'away' | 'busy' | 'full' | 'fault';

/**
 * ClickHouse's codes (ErrorCodes.cpp) for a state that passes: TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES,
 * SOCKET_TIMEOUT, NETWORK_ERROR, ABORTED, MEMORY_LIMIT_EXCEEDED, TABLE_IS_READ_ONLY, TOO_MANY_PARTS,
 * ALL_CONNECTION_TRIES_FAILED, TOO_FEW_LIVE_REPLICAS, UNKNOWN_STATUS_OF_INSERT, KEEPER_EXCEPTION.
 */
const PASSING: ReadonlySet<string> = new Set(
  [159, 202, 209, 210, 236, 241, 242, 252, 279, 285, 319, 999].map(String),
);
const NOT_ENOUGH_SPACE = '243';

export function troubleOf(error: unknown): Trouble {
  const { message } = error as Error;
  if (error instanceof ClickHouseError) {
    if (error.code === NOT_ENOUGH_SPACE || /No space left on device|errno: 28\b/.test(message))
      return 'full';
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

/** The first line at most: what follows is for the log, which gets the cause. */
function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const first = (message ?? '').split('\n')[0]?.slice(0, 200) || 'no reason given';
  return code && !first.includes(code) ? `${code}: ${first}` : first;
}
