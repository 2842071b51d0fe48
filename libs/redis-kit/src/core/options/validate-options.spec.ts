import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../redis-kit.error.js';
import { Is, IsDuration, IsFlag, IsIntegerBetween, IsOneOf, IsText } from './constraints.js';
import { Nested, NestedList, NestedRecord } from './nested.js';
import { validateOptions } from './validate-options.js';

class NodeOptions {
  @IsText()
  host?: string | undefined;

  @IsIntegerBetween(1, 65_535)
  port?: number | undefined;
}

class PoolOptions {
  @IsIntegerBetween(1, 10)
  size?: number | undefined;

  @Nested(() => NodeOptions)
  leader?: NodeOptions | undefined;

  @NestedList(() => NodeOptions)
  nodes?: NodeOptions[] | undefined;

  @NestedRecord(() => PoolOptions)
  children?: Record<string, PoolOptions> | undefined;

  @IsDuration({ min: 1, max: '1m' })
  timeout?: number | string | undefined;

  @IsOneOf(['a', 2, true])
  mode?: unknown;

  @IsFlag()
  verbose?: boolean | undefined;

  @IsText()
  password?: string | undefined;

  @Is('a URL', (url) => url === 'redis://good')
  url?: string | undefined;
}

class NarrowPoolOptions extends PoolOptions {
  @IsText({ pattern: /^[a-z]+$/, expected: 'small letters' })
  label?: string | undefined;
}

const validate = (input: unknown): PoolOptions => validateOptions(PoolOptions, input, 'pool()');

/** The error of options that are refused. */
function refusal(input: unknown): ConfigurationError {
  try {
    validate(input);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('The options were accepted');
}

const paths = (input: unknown): string[] => refusal(input).issues.map(({ path }) => path);

describe('valid options', () => {
  it('become an instance of their class, nested ones too', () => {
    const options = validate({
      size: 3,
      nodes: [{ host: 'a', port: 1 }],
      children: { left: { size: 1, leader: { host: 'b' } } },
    });
    expect(options).toBeInstanceOf(PoolOptions);
    expect(options.nodes?.[0]).toBeInstanceOf(NodeOptions);
    expect(options.children?.['left']?.leader).toBeInstanceOf(NodeOptions);
    expect(options.size).toBe(3);
  });

  it('are copied: what the application does to its object later changes nothing', () => {
    const input = { size: 3, nodes: [{ host: 'a' }] };
    const options = validate(input);
    input.size = 99;
    input.nodes[0]!.host = '';
    input.nodes.push({ host: 'b' });
    expect(options).toMatchObject({ size: 3, nodes: [{ host: 'a' }] });
    expect(options.nodes).toHaveLength(1);
  });

  it('may be empty', () => {
    expect(validate({})).toEqual(new PoolOptions());
  });

  it('may have members that are undefined, at every depth: they count as absent', () => {
    const options = validate({
      size: undefined,
      unknown: undefined,
      nodes: undefined,
      children: { left: undefined, right: { size: undefined } },
    });
    expect(options.size).toBeUndefined();
    expect(Object.keys(options.children ?? {})).toEqual(['right']);
  });

  it('may be an instance of any class, with fields or with getters', () => {
    class Configured {
      readonly size = 3;
      readonly #host = 'a';
      get leader() {
        return { host: this.#host };
      }
    }
    expect(validate(new Configured())).toMatchObject({ size: 3, leader: { host: 'a' } });
    class Derived extends Configured {}
    expect(validate(new Derived())).toMatchObject({ size: 3, leader: { host: 'a' } });
  });

  it('may be an object without a prototype, or of another realm', () => {
    expect(validate(Object.assign(Object.create(null), { size: 2 }))).toMatchObject({ size: 2 });
    expect(validate(runInNewContext('({ size: 2, nodes: [{ host: "a" }] })'))).toMatchObject({
      size: 2,
      nodes: [{ host: 'a' }],
    });
  });

  it('of a derived class include those of its base', () => {
    const options = validateOptions(NarrowPoolOptions, { size: 1, label: 'x', leader: {} }, 'p()');
    expect(options).toMatchObject({ size: 1, label: 'x' });
    expect(options.leader).toBeInstanceOf(NodeOptions);
    expect(() => validate({ label: 'x' })).toThrow('no such option');
  });
});

describe('wrong options', () => {
  it('are all reported at once, each with path, value and accepted range', () => {
    const { issues, code, message } = refusal({
      size: 11,
      timeout: '2m',
      mode: 'c',
      verbose: 'yes',
      leader: { host: '', prot: 1 },
      nodes: [{ port: 1 }, { port: 0 }],
      children: { left: { children: { 'odd name': { size: 0.5 } } } },
    });
    expect(code).toBe('CONFIGURATION_INVALID');
    expect(Object.fromEntries(issues.map(({ path, ...issue }) => [path, issue]))).toEqual({
      'pool().size': { given: '11', expected: 'a whole number from 1 to 10' },
      'pool().timeout': {
        given: '"2m"',
        expected:
          "a duration (milliseconds, or text such as '30s' or '5m') of at least 1 and at most 1m",
      },
      'pool().mode': { given: '"c"', expected: 'one of "a", 2, true' },
      'pool().verbose': { given: '"yes"', expected: 'true or false' },
      'pool().leader.host': { given: '""', expected: 'text that is not empty' },
      'pool().leader.prot': { given: 'a number', expected: 'no such option (known: host, port)' },
      'pool().nodes[1].port': { given: '0', expected: 'a whole number from 1 to 65535' },
      'pool().children.left.children["odd name"].size': {
        given: '0.5',
        expected: 'a whole number from 1 to 10',
      },
    });
    for (const { path, given, expected } of issues) {
      expect(message).toContain(`- ${path}: got ${given}, expected ${expected}`);
    }
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [7, '7'],
    ['text', '"text"'],
    [true, 'true'],
    [[{ size: 1 }], 'a list of 1'],
    [() => ({}), 'a function'],
    [new Map([['size', 1]]), 'a Map'],
    [new Set(), 'a Set'],
    [new Date(0), 'a Date'],
    [new URL('redis://host'), 'a URL'],
    [Promise.resolve({ size: 1 }), 'a Promise'],
    [new Error('no options'), 'an Error'],
    [Buffer.from('{}'), 'a Uint8Array'],
  ])('may be no options at all: %p', (input, given) => {
    expect(refusal(input).issues).toEqual([
      { path: 'pool()', given, expected: 'an object with options' },
    ]);
    expect(refusal({ leader: input === undefined ? null : input }).issues[0]?.path).toBe(
      'pool().leader',
    );
  });

  it('may have the wrong shape', () => {
    expect(refusal({ nodes: { host: 'a' }, children: [{}] }).issues).toEqual([
      { path: 'pool().nodes', given: 'an object', expected: 'a list' },
      { path: 'pool().children', given: 'a list of 1', expected: 'an object by name' },
    ]);
    expect(paths({ children: new Map([['left', {}]]) })).toEqual(['pool().children']);
    expect(paths({ children: { left: null, right: 'x' }, nodes: [undefined, null] })).toEqual([
      'pool().nodes[0]',
      'pool().nodes[1]',
      'pool().children.left',
      'pool().children.right',
    ]);
    // A hole in a list is no address either.
    expect(paths({ nodes: new Array(1) })).toEqual(['pool().nodes[0]']);
  });

  it.each([NaN, Infinity, '3', 3n, [3], 2.5])('may be %p where a whole number is due', (size) => {
    expect(paths({ size })).toEqual(['pool().size']);
  });

  it.each([0, -1, '0ms', '61s', 'soon', NaN, Infinity, null])(
    'may be %p where a duration up to 1m is due',
    (timeout) => {
      expect(paths({ timeout })).toEqual(['pool().timeout']);
    },
  );

  it('may be many, and long: each stays short text', () => {
    const { message } = refusal({ mode: 'x'.repeat(10_000), verbose: 'y'.repeat(10_000) });
    expect(message.length).toBeLessThan(1_000);
  });
});

describe('names that belong to prototypes', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'])(
    'are unknown options: %s',
    (name) => {
      const input = JSON.parse(`{ "${name}": { "size": 1 } }`) as unknown;
      expect(paths(input)).toEqual([`pool().${name}`]);
      expect(paths({ leader: input })).toEqual([`pool().leader.${name}`]);
    },
  );

  it('are names like any other where the application chooses names, and reach no prototype', () => {
    const input = JSON.parse(
      '{ "children": { "__proto__": { "size": 3 }, "constructor": { "size": 4 } } }',
    ) as unknown;
    const { children } = validate(input);
    expect(Object.entries(children!).map(([name, { size }]) => [name, size])).toEqual([
      ['__proto__', 3],
      ['constructor', 4],
    ]);
    expect(Object.getPrototypeOf(children)).toBe(Object.prototype);
    expect(({} as { size?: number }).size).toBeUndefined();
  });
});

describe('secrets', () => {
  const SECRET = 'hunter2';

  it.each([
    ['as a password of the wrong kind', { password: [SECRET] }],
    ['as a password under an unknown name', { passwd: SECRET }],
    ['as a password under a misspelt name', { pasword: SECRET, pwd: SECRET, credentials: SECRET }],
    ['in an unknown object', { auth: { password: SECRET } }],
    ['in a URL', { url: `redis://user:${SECRET}@host` }],
    ['in a URL with a slash', { url: `redis://user:a/${SECRET}@host` }],
    ['in a URL with a space', { url: `redis://user:a ${SECRET}@host` }],
    ['in a URL with an @', { url: `redis://user:a@${SECRET}@host` }],
    ['in a URL without a host', { url: `redis://:${SECRET}` }],
    ['in a URL without a scheme', { url: `user:${SECRET}@host:6379` }],
    ['in the query of a URL', { url: `redis://host?password=${SECRET}` }],
    ['in a URL where an object is due', { leader: `redis://:${SECRET}@host` }],
    ['in a URL where a list is due', { nodes: `redis://:${SECRET}@host` }],
    ['in a list of URLs', { nodes: [`redis://:${SECRET}@host`] }],
    ['in a URL by name', { children: { a: `redis://:${SECRET}@host` } }],
    ['in a URL where a choice is due', { mode: `redis://:${SECRET}@host` }],
    ['in a URL instead of options', `redis://:${SECRET}@host`],
    ['in a token', { leader: { token: SECRET } }],
  ])('never stand in the message: %s', (_, input) => {
    const error = refusal(input);
    expect(error.message).not.toContain(SECRET);
    expect(JSON.stringify(error.issues)).not.toContain(SECRET);
  });

  it('are hidden so that the rest of the value still helps', () => {
    const { issues } = refusal({ url: 'redsi://host', mode: 'redis://u:p@host' });
    expect(issues.map(({ given }) => given)).toEqual(['"redis://…"', '"redsi://…"']);
  });
});
