import { AsyncLocalStorage } from 'node:async_hooks';

/** Names of the locks held further up in the same call, as far as `withLock` knows. */
const heldNames = new AsyncLocalStorage<ReadonlySet<string>>();

/** True when a wait for this name would be a wait for oneself. */
export const isHeldByCaller = (name: string): boolean => heldNames.getStore()?.has(name) === true;

export const runHolding = <T>(names: readonly string[], work: () => T): T =>
  heldNames.run(new Set([...(heldNames.getStore() ?? []), ...names]), work);
