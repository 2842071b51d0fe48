import { assertFence } from './fenced-writer.js';

export interface FenceCondition {
  /** SQL that holds unless a writer with a greater fence was here: `(fence IS NULL OR fence <= $3)`. */
  readonly text: string;
  /** The value of its one parameter. */
  readonly value: number;
}

const IDENTIFIER = /^(?:"[^"\0]+"|[a-z_]\w*)(?:\.(?:"[^"\0]+"|[a-z_]\w*))*$/i;
const PARAMETER = /^(?:\?|\$\d+|[:@]\w+)$/;

/**
 * The condition by which a table refuses a late writer. Put it into the `WHERE` of an `UPDATE` that also sets the column
 * to the same fence; no row changed means that somebody who held the lock later has written already.
 *
 * The holder of a lock may write more than once: only a smaller fence is refused.
 *
 * @param column of the type `bigint`, null until the first write
 * @param parameter placeholder of the driver: `?`, `$3`, `:fence`
 * @throws RangeError when `column` is no identifier, or `parameter` no placeholder
 */
export function fenceCondition(
  { fence }: { readonly fence: number },
  { column = 'fence', parameter = '?' }: { column?: string; parameter?: string } = {},
): FenceCondition {
  assertFence(fence);
  if (!IDENTIFIER.test(column)) throw new RangeError(`${column} is no name of a column`);
  if (!PARAMETER.test(parameter)) throw new RangeError(`${parameter} is no placeholder`);
  return { text: `(${column} IS NULL OR ${column} <= ${parameter})`, value: fence };
}
