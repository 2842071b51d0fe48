import { ScopedContext } from '../core/scoped-context.js';

type Action = () => Promise<unknown>;

const transactions = new ScopedContext<Transaction>();

class Transaction {
  readonly actions: Action[] = [];
  /** Work that outlives its transaction, such as a promise nobody awaited, has nothing to wait for. */
  isOver = false;
}

/**
 * Runs a database transaction: what `@CachePut` and `@CacheEvict` methods, entity caches and query caches are to change
 * in the cache because of it is done after `work` has resolved, and not at all when it rejects.
 *
 * `work` must resolve when the transaction is committed, as the `transaction()` of an ORM does. Inside, cached reads go
 * past the cache, because what a transaction sees is not what others may see, and a put becomes an eviction. Nested
 * calls belong to the outermost one; an inner one that rejects takes its own changes back. Explicit calls of
 * `CacheService` are done at once.
 *
 * @throws CacheInvalidationError when the transaction was committed and Redis did not take an invalidation; it is queued.
 */
export async function inTransaction<T>(work: () => Promise<T>): Promise<T> {
  const outer = current();
  const transaction = new Transaction();
  let result: T;
  try {
    result = await transactions.run(transaction, work);
  } finally {
    transaction.isOver = true;
  }
  if (outer && !outer.isOver) outer.actions.push(...transaction.actions);
  else await settle(transaction.actions);
  return result;
}

/** True where cached reads go past the cache. */
export const isInTransaction = (): boolean => current() !== undefined;

/** Does it now, or after the commit of the transaction the caller is in. */
export async function afterCommit(action: Action): Promise<void> {
  const transaction = current();
  if (transaction) transaction.actions.push(action);
  else await action();
}

function current(): Transaction | undefined {
  const transaction = transactions.get();
  return transaction?.isOver ? undefined : transaction;
}

/** All of them, whatever the others do; then the first failure. */
async function settle(actions: readonly Action[]): Promise<void> {
  const results = await Promise.allSettled(actions.map((action) => action()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
