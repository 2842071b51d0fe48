import { isNativeError } from 'node:util/types';
import { DeadlineExceededError, RedisUnavailableError } from '../redis-kit.error.js';

/** Server replies that mean "not now" although the connection works. */
const NOT_NOW = /^(LOADING|BUSY|CLUSTERDOWN|MASTERDOWN)\b/;

/** Codes of the system, of name resolution, of TLS and of a socket that is gone; not those of wrong arguments. */
const NO_CONNECTION =
  /^(E[A-Z]+|EAI_[A-Z]+|(CERT|UNABLE_TO|SELF_SIGNED_CERT|DEPTH_ZERO|ERR_TLS|ERR_SSL|ERR_SOCKET|ERR_STREAM)_.*)$/;

/** Messages of the driver for a link that is not there; it has no codes for them. */
const NO_LINK =
  /^(Connection is closed|Command timed out|Stream isn't writeable|Cluster isn't ready|Cluster is (?:ended|disconnected|disconnecting)|Node is disconnected|None of startup nodes|Failed to refresh slots|All sentinels are unreachable|Socket timeout|Reached the max retries|Too many Cluster redirections|Connection is (?:discarded|aborted)|Command aborted)/;

/**
 * True when a failure says that Redis is not reachable, not ready or too slow, and false when Redis answered and
 * disliked the command (wrong type, no permission, out of memory, a script error): then asking again is no use, and
 * the server is not down.
 */
export function isConnectivityError(error: unknown): boolean {
  if (error instanceof DeadlineExceededError || error instanceof RedisUnavailableError) return true;
  // Not `instanceof`: the errors of Node are of another realm than the code of a test.
  if (!isNativeError(error)) return false;
  if (error.name === 'ReplyError') return NOT_NOW.test(error.message);
  const code = (error as NodeJS.ErrnoException).code;
  if (typeof code === 'string' && NO_CONNECTION.test(code)) return true;
  return NO_LINK.test(error.message);
}
