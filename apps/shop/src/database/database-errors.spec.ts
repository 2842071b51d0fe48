import { describe, expect, it } from '@jest/globals';
import { isDatabaseUnavailable } from './database-errors.js';

const withCode = (code: string): Error => Object.assign(new Error('failed'), { code });

describe('isDatabaseUnavailable', () => {
  it.each([
    withCode('ECONNREFUSED'),
    withCode('57P01'),
    withCode('53300'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Query read timeout'),
    new Error('Failed query: select 1', { cause: new Error('Connection terminated unexpectedly') }),
    new AggregateError([withCode('ECONNREFUSED')]),
  ])('is true of %p', (error) => {
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it.each([
    withCode('42P01'),
    withCode('23514'),
    new Error('nothing of the kind'),
    'text',
    undefined,
  ])('is false of %p', (error) => {
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});
