// @ts-check

/**
 * @typedef {object} JestTotals the part of Jest's JSON report that is counted
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites
 */

/**
 * The closing line of a CI run, and whether the tests are good. A suite that could not be loaded has no tests to
 * fail, so it counts as a failure itself; a run without tests is not a success.
 * @param {JestTotals | undefined} report undefined when Jest wrote none
 * @returns {{ line: string, passed: boolean }}
 */
export function totals(report) {
  if (!report) return { line: '0 passed, 0 failed', passed: false };
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  const skipped = report.numPendingTests + report.numTodoTests;
  return {
    line: `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    passed: failed === 0 && report.numPassedTests > 0,
  };
}
