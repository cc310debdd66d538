/** Which troubles of the store pass: an insert that met one is tried again. Pure. */

/** Of the socket, as Node says them: whether the insert was done is unknown, or it was not begun. */
const SOCKET = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** Of ClickHouse, by number. */
const ENGINE = new Set([
  '159', // TIMEOUT_EXCEEDED
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '225', // NO_ZOOKEEPER
  '236', // ABORTED: it is shutting down
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY: a replica without its Keeper
  '252', // TOO_MANY_PARTS
  '279', // ALL_CONNECTION_TRIES_FAILED
  '285', // TOO_FEW_LIVE_REPLICAS
  '286', // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  '319', // UNKNOWN_STATUS_OF_INSERT
  '999', // KEEPER_EXCEPTION
]);

export function mayRetry(reason: unknown): boolean {
  const { code, message = '' } = reason as { code?: unknown; message?: string };
  if (typeof code === 'string' && (SOCKET.has(code) || ENGINE.has(code))) return true;
  return /^Timeout error|socket hang up/i.test(message);
}
