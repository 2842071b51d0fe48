/** The place before the first entry of a history. */
export const START = '0-0';

/** Longer parts would leave the numbers that ids are made of. */
const ID = /^(\d{1,19})-(\d{1,19})$/;

export const isEntryId = (id: string): boolean => ID.test(id);

/** Negative when `one` comes first. Both are ids of entries. */
export function compareIds(one: string, other: string): number {
  const [, ms, number] = ID.exec(one)!;
  const [, otherMs, otherNumber] = ID.exec(other)!;
  return compare(ms!, otherMs!) || compare(number!, otherNumber!);
}

function compare(one: string, other: string): number {
  const difference = BigInt(one) - BigInt(other);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
