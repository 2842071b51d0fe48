// @ts-check
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { within } from './within.mjs';

/**
 * @typedef {object} Settings
 * @property {number} seconds measured time of each subject
 * @property {number} rounds that time is split into
 *
 * @typedef {object} Subject
 * @property {string} name
 * @property {() => Promise<void>} call rejects when it did not do its work
 * @property {number} [operations] done by one call, where one alone is too short to look at the clock after it; default 1
 *
 * @typedef {object} Slice one subject's share of one round
 * @property {number} callsPerSecond
 * @property {number} cpuMicroseconds CPU time of this process per call; the server's is not in it
 *
 * @typedef {Map<string, Slice[]>} Measurement slices by subject, in the order of the rounds
 */

/** Most of the warm-up is compiling, which takes the longest for the first subject that uses a shared package. */
const WARM_UP_MS = 600;
/** Unmeasured start of each slice: caches are filled again, and all callers are under way. */
const LEAD_IN_MS = 30;
/** A slice that takes this much longer than planned is stuck, whatever else the machine does. */
const STUCK_AFTER_MS = 20_000;

setFlagsFromString('--expose-gc');
/** @type {(options: { type: 'minor' }) => void} */
const collectGarbage = runInNewContext('gc');

/**
 * Measures subjects in turns: A B C, B C A, C A B, …, so that what else the machine does hits all of them alike.
 * @param {object} plan
 * @param {readonly Subject[]} plan.subjects
 * @param {number} plan.concurrency calls in progress at any time
 * @param {Settings} plan.settings
 * @param {() => Promise<unknown>} [plan.afterSlice] runs unmeasured after each slice
 * @returns {Promise<Measurement>}
 */
export async function measure({ subjects, concurrency, settings, afterSlice }) {
  const sliceMs = (settings.seconds * 1_000) / settings.rounds;
  /** @type {Measurement} */
  const measurement = new Map(subjects.map(({ name }) => [name, []]));
  for (const subject of subjects) {
    await runSlice(subject, concurrency, Math.min(WARM_UP_MS, settings.seconds * 1_000));
    await afterSlice?.();
  }
  for (let round = 0; round < settings.rounds; round++) {
    const first = round % subjects.length;
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      // Nobody pays for the young garbage of the one before. A full collection would also throw away the compiled code
      // of those who wait for their turn.
      collectGarbage({ type: 'minor' });
      await runSlice(subject, concurrency, LEAD_IN_MS);
      measurement.get(subject.name)?.push(await runSlice(subject, concurrency, sliceMs));
      await afterSlice?.();
    }
  }
  return measurement;
}

/**
 * @param {Subject} subject
 * @param {number} concurrency
 * @param {number} durationMs
 * @returns {Promise<Slice>}
 */
async function runSlice({ name, call, operations = 1 }, concurrency, durationMs) {
  let calls = 0;
  const cpuAtStart = process.cpuUsage();
  const startedAt = performance.now();
  const caller = async () => {
    do {
      await call();
      calls += operations;
    } while (performance.now() - startedAt < durationMs);
  };
  const callers = Promise.all(Array.from({ length: concurrency }, caller));
  await within(durationMs + STUCK_AFTER_MS, name, callers);
  const elapsedMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuAtStart);
  return { callsPerSecond: (calls / elapsedMs) * 1_000, cpuMicroseconds: (user + system) / calls };
}
