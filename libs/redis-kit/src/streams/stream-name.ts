import calculateSlot from 'cluster-key-slot';
import { StreamArgumentError } from './streams.errors.js';

const CATEGORY = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** No braces, which mark the Cluster hash tag, and nothing that is not text. */
const ID = /^[^{}\p{Cc}\p{Cs}]{1,200}$/u;

/** A stream, and the partition of its category that it lives in. */
export interface StreamPlace {
  readonly stream: string;
  readonly category: string;
  readonly partition: number;
}

/** One partition of a category. */
export interface PartitionPlace {
  readonly category: string;
  readonly partition: number;
}

/**
 * The category of a stream: what stands before the first `-`, as `order` of `order-42`.
 *
 * @throws StreamArgumentError when it is not the name of a stream.
 */
export function categoryOf(stream: string): string {
  const at = typeof stream === 'string' ? stream.indexOf('-') : -1;
  const category = at < 0 ? stream : stream.slice(0, at);
  const isName =
    typeof stream === 'string' &&
    CATEGORY.test(category) &&
    (at < 0 || ID.test(stream.slice(at + 1)));
  if (isName) return category;
  throw new StreamArgumentError(
    `${quoted(stream)} is not the name of a stream. Use '<category>-<id>', such as 'order-42': a category of letters, ` +
      'digits and _, and an id of up to 200 characters without braces.',
  );
}

/** @throws StreamArgumentError when it is not the name of a category. */
export function assertCategory(category: string): void {
  if (typeof category === 'string' && CATEGORY.test(category)) return;
  throw new StreamArgumentError(
    `${quoted(category)} is not the name of a category: use up to 64 letters, digits and _, beginning with a letter.`,
  );
}

/** The partition a stream is in: CRC16 of its name, as Redis Cluster has it, modulo their number. */
export const partitionOf = (stream: string, partitions: number): number =>
  calculateSlot(stream) % partitions;

const GROUP = /^[^{}\p{Cc}\p{Cs}]{1,100}$/u;

/** @throws StreamArgumentError when it is not the name of a consumer group. */
export function assertGroup(group: string): void {
  if (typeof group === 'string' && GROUP.test(group)) return;
  throw new StreamArgumentError(
    `${quoted(group)} is not the name of a consumer group: use up to 100 characters without braces.`,
  );
}

const quoted = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : typeof value;
