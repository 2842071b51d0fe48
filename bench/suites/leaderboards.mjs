// @ts-check
import { leaderboards } from '../contenders/counting.mjs';
import { countingSuite } from '../lib/counting.mjs';

/** The score of a member of a board goes up by one. */
export const suite = countingSuite(leaderboards);
