import { describe, expect, it } from '@jest/globals';
import { HttpException, NotFoundException, type ValidationError } from '@nestjs/common';
import { problemOf, validationProblem } from './problem.js';

describe('problemOf', () => {
  it('repeats what an HTTP exception says', () => {
    expect(problemOf(new NotFoundException('There is no product "x"'), '/api/products/x')).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is no product "x"',
      instance: '/api/products/x',
    });
  });

  it('repeats a problem that an exception is', () => {
    const problem = {
      type: 'https://example.org/full',
      title: 'Full',
      status: 429,
      detail: 'Wait',
    };
    expect(problemOf(new HttpException(problem, 429), '/api')).toEqual({
      ...problem,
      instance: '/api',
    });
  });

  it('tells nothing about an error nobody foresaw', () => {
    const problem = problemOf(new Error('password authentication failed for "shop"'), '/');
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problem)).not.toContain('password');
  });

  it('keeps the status of an error of the body parser', () => {
    const error = Object.assign(new SyntaxError('Unexpected token'), { statusCode: 400 });
    expect(problemOf(error, '/api')).toMatchObject({ status: 400, detail: 'Unexpected token' });
  });

  it('lists the fields that are wrong, each message once', () => {
    const range = 'page must be a whole number from 1 to 100';
    const found = [
      { property: 'page', constraints: { isInt: range, max: range } },
      {
        property: 'colour',
        constraints: { whitelistValidation: 'property colour should not exist' },
      },
    ] as unknown as ValidationError[];
    expect(problemOf(validationProblem(found), '/api')).toMatchObject({
      status: 400,
      detail: `${range}; colour is not known here`,
      errors: [
        { field: 'page', message: range },
        { field: 'colour', message: 'colour is not known here' },
      ],
    });
  });
});
