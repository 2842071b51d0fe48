import { describe, expect, it } from '@jest/globals';
import { describeCommand } from './redact-command.js';

const SECRET = 'Tr0ub4dor';

describe('a described command', () => {
  it.each([
    ['set', ['session:abc', SECRET, 'EX', '60']],
    ['AUTH', ['user', SECRET]],
    ['hello', ['3', 'AUTH', 'user', SECRET]],
    ['CONFIG', ['SET', 'requirepass', SECRET]],
    ['acl', ['SETUSER', 'shop', `>${SECRET}`]],
    ['EVALSHA', ['0f', '1', 'lock:{a}', SECRET]],
    ['HSET', ['user:1', 'password', SECRET]],
    ['PUBLISH', ['channel', SECRET]],
    ['MIGRATE', ['host', '6379', '', '0', '10', 'AUTH', SECRET]],
    ['UNKNOWN.COMMAND', [SECRET]],
    [`${SECRET} with a space`, []],
  ])('never tells what %s was given', (name, args) => {
    expect(JSON.stringify(describeCommand(name, args))).not.toMatch(/Tr0ub4dor/i);
  });

  it('tells the kinds of the keys, and how many arguments there were', () => {
    const { command, keys, argumentCount } = describeCommand('get', ['product:42']);
    expect({ command, argumentCount }).toEqual({ command: 'GET', argumentCount: 1 });
    expect(keys).toEqual([expect.stringMatching(/^product:~[\w-]{12}$/)]);
    expect(describeCommand('EVAL', ['return 1', '2', 'a:1', 'b:2', 'value']).keys).toEqual([
      expect.stringMatching(/^a:~/),
      expect.stringMatching(/^b:~/),
    ]);
  });

  it('does not believe a count of keys that is none', () => {
    for (const count of ['-1', 'x', '1e9', 'Infinity', '']) {
      expect(describeCommand('EVAL', ['s', count, 'a:1']).keys.length).toBeLessThan(2);
    }
  });

  it('names few of many keys', () => {
    const keys = Array.from({ length: 500 }, (_, at) => `k:${at}`);
    expect(describeCommand('MGET', keys)).toMatchObject({ argumentCount: 500 });
    expect(describeCommand('MGET', keys).keys).toHaveLength(5);
  });

  it('has the subcommand in its name', () => {
    expect(describeCommand('config', ['get', 'maxmemory']).command).toBe('CONFIG GET');
    expect(describeCommand('SLOWLOG', []).command).toBe('SLOWLOG');
  });
});
