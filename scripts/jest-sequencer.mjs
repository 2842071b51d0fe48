// @ts-check
import Sequencer from '@jest/test-sequencer';

/**
 * The projects in the order they run. Fault and topology tests have deadlines of milliseconds, so they come before
 * the end-to-end tests, which keep every core busy with compilers and package managers.
 */
const ORDER = ['redis', 'unit', 'e2e'];

// The typings are those of the CommonJS build, whose default export is one level deeper than the module's.
const JestSequencer = /** @type {typeof Sequencer.default} */ (/** @type {unknown} */ (Sequencer));

/** Jest's own order (what failed, then what takes longest) within each project. */
export default class ProjectSequencer extends JestSequencer {
  /**
   * @override
   * @param {import('@jest/test-result').Test[]} tests
   */
  async sort(tests) {
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** @param {import('@jest/test-result').Test} test */
const rank = ({ context }) => ORDER.indexOf(context.config.displayName?.name ?? '');
