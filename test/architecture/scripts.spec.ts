import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { faultsOf } from './support/lua-rules.js';
import { declarationsIn } from './support/script-declarations.js';
import { filesIn, LIBRARY, read, shown } from './support/sources.js';

const scripts = filesIn(LIBRARY, (name) => name.endsWith('.lua'));
const isSource = (name: string): boolean => name.endsWith('.ts') && !name.endsWith('.spec.ts');
const sources = filesIn(LIBRARY, isSource).map((path) => declarationsIn(path));
const declarations = sources.flatMap((source) => source.declarations);

describe('the Lua scripts', () => {
  it('are declared in a way that can be read', () => {
    expect(sources.flatMap(({ faults }) => faults)).toEqual([]);
  });

  it('are each declared, and every declaration has its script', () => {
    const declared = new Set(declarations.flatMap(({ lua, shared = [] }) => [lua, ...shared]));
    expect([...declared].map(shown).sort()).toEqual(scripts.map(shown).sort());
  });

  it('are declared only once with the same parts before them', () => {
    const texts = declarations.map(({ lua, shared = [] }) => [...shared, lua].map(shown).join());
    expect(texts.filter((text, at) => texts.indexOf(text) !== at)).toEqual([]);
  });

  it('have names that no other script has', () => {
    const names = declarations.map(({ name }) => name);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('are, in header, declaration and body, about the same keys and arguments, and keep the rules', () => {
    const faults = declarations
      .filter(({ lua }) => scripts.includes(lua))
      .flatMap(({ lua, shared = [], ...names }) =>
        faultsOf(read(lua), names, shared.map(read).join('')).map(
          (fault) => `${shown(lua)}: ${fault}`,
        ),
      );
    expect(faults).toEqual([]);
  });
});

describe('the check of a Lua script', () => {
  const HEADER = [
    '-- Takes the lock.',
    '-- KEYS[1] lock',
    '-- ARGV[1] token',
    '-- Reply: 1 taken, 0 held',
  ];
  const BODY = ["return redis.call('SET', KEYS[1], ARGV[1], 'NX')"];
  const NAMES = { keys: ['lock'], args: ['token'] };
  const check = (header: readonly string[], body: readonly string[], names = NAMES): string[] =>
    faultsOf([...header, ...body, ''].join('\n'), names);
  const without = (line: number): string[] => HEADER.filter((_, at) => at !== line);

  it('accepts one that keeps the rules', () => {
    expect(check(HEADER, BODY)).toEqual([]);
    const alias = [
      'local lock = KEYS[1] -- KEYS[2] in a comment is no use of it',
      "local text = 'ARGV[9] .. KEYS[9]'",
      "if redis.call('EXISTS', lock) == 0 then redis.call('SET', lock, ARGV[1] .. '!' .. #ARGV[1], 'PX', 5) end",
      "return redis.call('TIME')",
    ];
    expect(check(HEADER, alias)).toEqual([]);
  });

  it.each([
    ['no sentence', without(0), 'its header does not begin with a sentence'],
    ['no reply', without(3), 'its header has no "Reply:"'],
    [
      'a wrong number',
      [HEADER[0]!, '-- KEYS[2] lock', ...HEADER.slice(2)],
      'its header numbers KEYS[2] wrongly',
    ],
    [
      'another order',
      [HEADER[0]!, HEADER[2]!, HEADER[1]!, HEADER[3]!],
      'its header is not in the order sentence, KEYS, ARGV, Reply',
    ],
    ['a missing key', without(1), 'its header names KEYS (), its declaration (lock)'],
    [
      'another argument',
      [...HEADER.slice(0, 2), '-- ARGV[1] owner', HEADER[3]!],
      'its header names ARGV (owner), its declaration (token)',
    ],
    ['nothing at all', [], 'its header does not begin with a sentence'],
  ])('finds a header with %s', (_, header, fault) => {
    expect(check(header, BODY)).toContain(fault);
  });

  it.each([
    ["return redis.call('SET', KEYS[1], ARGV[2])", 'it uses ARGV[2], of 1 declared'],
    ["return redis.call('SET', KEYS[1], ARGV[2])", 'it never uses ARGV[1] (token)'],
    ["return redis.call('SET', KEYS[2], ARGV[1])", 'it uses KEYS[2], of 1 declared'],
    ["return redis.call('GET', KEYS[1])", 'it never uses ARGV[1] (token)'],
    [
      'for i = 1, #KEYS do end',
      'line 5: it uses KEYS without a number, so no name can be given to it',
    ],
    [
      "return redis.call('MSET', KEYS[1], unpack(ARGV))",
      'line 5: it uses ARGV without a number, so no name can be given to it',
    ],
    [
      "return redis.call('GET', KEYS[1] .. ':x')",
      'line 5: it gives GET the key KEYS [ 1 ] .. :x, which is not one of KEYS',
    ],
    [
      "local k = KEYS[1] .. ARGV[1]\nredis.call('GET', k)",
      'line 6: it gives GET the key k, which is not one of KEYS',
    ],
    [
      "redis.call('DEL', KEYS[1], 'other')",
      'line 5: it gives DEL the key other, which is not one of KEYS',
    ],
    [
      "redis.pcall('XGROUP', 'CREATE', ARGV[1], 'g', 0)",
      'line 5: it gives XGROUP the key ARGV [ 1 ], which is not one of KEYS',
    ],
    [
      "redis.call('XREAD', 'COUNT', 1, 'STREAMS', ARGV[1], 0)",
      'line 5: it gives XREAD the key ARGV [ 1 ], which is not one of KEYS',
    ],
    ["redis.call('keys', '*')", 'line 5: it calls KEYS'],
    ["redis.call('SCAN', 0)", 'line 5: it calls SCAN'],
    ["redis.call('FLUSHDB')", 'line 5: it calls FLUSHDB'],
    ['redis.call(ARGV[1], KEYS[1])', 'line 5: it calls a command that is not spelled out'],
    ['local t = os.time()', "line 5: it asks the operating system, not redis.call('TIME')"],
  ])('finds what is wrong with %j', (body, fault) => {
    expect(check(HEADER, body.startsWith('\n') ? [body, ...BODY] : body.split('\n'))).toContain(
      fault,
    );
  });

  it('finds a body that is too long', () => {
    const lines = Array.from({ length: 60 }, () => 'local unused = 0');
    expect(check(HEADER, [...lines, ...BODY])).toEqual(['its body has 61 lines, more than 60']);
  });

  it('finds the time of a client among the arguments', () => {
    const header = [...HEADER.slice(0, 2), '-- ARGV[1] nowMs', HEADER[3]!];
    expect(check(header, BODY, { keys: ['lock'], args: ['nowMs'] })).toEqual([
      "its argument nowMs is the time of a client; ask redis.call('TIME')",
    ]);
  });

  it('finds declarations that cannot be read', () => {
    const path = join(LIBRARY, 'lock/lock.scripts.ts');
    const where = 'libs/redis-kit/src/lock/lock.scripts.ts:1';
    const good =
      "defineScript({ name: 'lock.take', source: new URL('./lua/take.lua', import.meta.url), keys: ['lock'], args: [], reply: Boolean });";
    expect(declarationsIn(path, good)).toEqual({
      declarations: [
        {
          name: 'lock.take',
          lua: join(LIBRARY, 'lock/lua/take.lua'),
          keys: ['lock'],
          args: [],
          where,
        },
      ],
      faults: [],
    });
    expect(
      declarationsIn(path, 'defineScript({ name, source: here, keys: [lock], args });').faults,
    ).toEqual([
      `${where}: has no literal name`,
      `${where}: has no source like new URL('./lua/x.lua', import.meta.url)`,
      `${where}: has no literal list of keys`,
      `${where}: has no literal list of args`,
      `${where}: does not say what its reply means`,
    ]);
    expect(declarationsIn(join(LIBRARY, 'lock/lock.ts'), good).faults).toEqual([
      'libs/redis-kit/src/lock/lock.ts:1: declares a script outside of *.scripts.ts',
    ]);
  });
});
