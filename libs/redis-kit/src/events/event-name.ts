import { EventNameError } from './events.errors.js';

const LONGEST = 200;
const SEGMENT = /^[\w:@-]+$/;
const NAME = /^[\w:@-]+(\.[\w:@-]+)*$/;

/** True for names such as `orders.created`: up to 200 letters, digits and `_ : @ -`, in segments separated by dots. */
export const isEventName = (name: unknown): name is string =>
  typeof name === 'string' && name.length <= LONGEST && NAME.test(name);

/** True for a name in which segments may be `*` (one segment) or `**` (any number of them). */
export const isEventPattern = (pattern: unknown): pattern is string =>
  typeof pattern === 'string' &&
  pattern.length <= LONGEST &&
  pattern
    .split('.')
    .every((segment) => segment === '*' || segment === '**' || SEGMENT.test(segment));

export const PATTERN_FORM =
  "up to 200 letters, digits and _ : @ -, in segments separated by dots, of which some may be '*' (one segment) or '**' (any number)";

/** @throws EventNameError */
export function checkName(name: unknown): asserts name is string {
  if (isEventName(name)) return;
  throw new EventNameError(
    `${shown(name)} is not the name of an event: use up to 200 letters, digits and _ : @ -, in segments separated by dots, such as 'orders.created'.`,
  );
}

/** @throws EventNameError */
export function checkPatterns(patterns: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(patterns) ? patterns : [patterns];
  const wrong = list.find((pattern) => !isEventPattern(pattern));
  if (list.length > 0 && wrong === undefined) return list as string[];
  throw new EventNameError(`${shown(wrong)} is not a pattern of events: use ${PATTERN_FORM}.`);
}

/** Part of it: names made of what users send may be anything. */
const shown = (name: unknown): string =>
  typeof name === 'string' ? JSON.stringify(name.slice(0, 50)) : `A ${typeof name}`;
