// @ts-check
import { counters } from '../contenders/counting.mjs';
import { countingSuite } from '../lib/counting.mjs';

/** A counter goes up by one. */
export const suite = countingSuite(counters);
