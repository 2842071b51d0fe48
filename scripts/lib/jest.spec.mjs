// @ts-check
import { describe, expect, it } from '@jest/globals';
import { jestEnvironment, selectedProjects } from './jest.mjs';
import { totals } from './totals.mjs';

const FLAGS = '--experimental-vm-modules --disable-warning=ExperimentalWarning';

describe('the environment of Jest', () => {
  it('has the flags for ES modules', () => {
    expect(jestEnvironment({})['NODE_OPTIONS']).toBe(FLAGS);
  });

  it('keeps what was set, and repeats nothing', () => {
    const env = jestEnvironment({ HOME: '/', NODE_OPTIONS: '--max-old-space-size=4096' });
    expect(env).toEqual({ HOME: '/', NODE_OPTIONS: `--max-old-space-size=4096 ${FLAGS}` });
    expect(jestEnvironment(env)).toEqual(env);
  });
});

describe('the selected projects', () => {
  it.each([
    [[], undefined],
    [['-t', 'unit'], undefined],
    [
      ['--selectProjects', 'unit', 'redis'],
      ['unit', 'redis'],
    ],
    [['--selectProjects', 'e2e', '--json', 'unit'], ['e2e']],
    [
      ['--selectProjects=unit', '--selectProjects=e2e'],
      ['unit', 'e2e'],
    ],
  ])('of %j are %j', (args, expected) => {
    expect(selectedProjects(args)).toEqual(expected);
  });
});

describe('the closing line of a run', () => {
  const report = {
    numPassedTests: 12,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
  };

  it('counts what passed and what failed', () => {
    expect(totals(report)).toEqual({ line: '12 passed, 0 failed', passed: true });
    expect(totals({ ...report, numFailedTests: 2 })).toEqual({
      line: '12 passed, 2 failed',
      passed: false,
    });
  });

  it('mentions what was skipped only when something was', () => {
    const { line, passed } = totals({ ...report, numPendingTests: 1, numTodoTests: 2 });
    expect(line).toBe('12 passed, 0 failed, 3 skipped');
    expect(passed).toBe(true);
  });

  it('counts a suite that could not be loaded as a failure', () => {
    expect(totals({ ...report, numRuntimeErrorTestSuites: 1 })).toEqual({
      line: '12 passed, 1 failed',
      passed: false,
    });
  });

  it('is no success without tests or without a report', () => {
    expect(totals({ ...report, numPassedTests: 0 }).passed).toBe(false);
    expect(totals(undefined)).toEqual({ line: '0 passed, 0 failed', passed: false });
  });
});
