import { isConnectivityError } from '../core/failsafe/connectivity.js';

/** A master that was demoted or has too few replicas, a slot on its way to another node. */
const NOT_NOW = /^(READONLY|NOREPLICAS|TRYAGAIN)\b/;

/** True when asking again may help: the command did not run, or nobody knows whether it did. */
export function isNotNow(error: unknown): boolean {
  return isConnectivityError(error) || NOT_NOW.test((error as Error | undefined)?.message ?? '');
}
