import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { redactKey, redactUrl, safeMessage } from './redact.js';

const SECRET = 'hunter2';

describe('redacting', () => {
  it.each([
    ['redis://host:6379/0', 'redis://host:6379/0'],
    [`redis://:${SECRET}@host`, 'redis://***@host'],
    [`redis://user:${SECRET}@host:6379/1`, 'redis://***@host:6379/1'],
    [`rediss://user:${SECRET}@host`, 'rediss://***@host'],
    [`redis+sentinel://user:${SECRET}@a:1,b:2/main`, 'redis+sentinel://***@a:1,b:2/main'],
    [`connect to redis://u:${SECRET}@host failed`, 'connect to redis://***@host failed'],
    [`REDIS://u:${SECRET}@host`, 'REDIS://***@host'],
    ['mail me@example.org about redis://host', 'mail me@example.org about redis://host'],
  ])('turns %s into %s', (text, expected) => {
    expect(redactUrl(text)).toBe(expected);
  });

  it.each([
    ['an @', `redis://user:a@${SECRET}@host`],
    ['a slash', `redis://user:a/${SECRET}@host`],
    ['a question mark', `redis://user:a?${SECRET}@host`],
    ['a #', `redis://user:a#${SECRET}@host`],
    ['a quote', `redis://user:a"${SECRET}@host`],
    ['two slashes', `redis://user:a//${SECRET}@host`],
    ['a URL', `redis://user:redis://x:y@${SECRET}@host`],
  ])('hides a password that holds %s', (_, url) => {
    expect(redactUrl(url)).not.toContain(SECRET);
    expect(redactUrl(url)).toContain('host');
  });

  it('hides what follows a question mark, where some programs put the password', () => {
    expect(redactUrl(`redis://host:6379/0?password=${SECRET}&db=1 refused`)).toBe(
      'redis://host:6379/0?*** refused',
    );
  });

  it('never lets a password through, wherever it stands in a text', () => {
    const words = fc.string({ maxLength: 20 });
    const noise = fc.stringMatching(/^[^\s]{0,10}$/);
    fc.assert(
      fc.property(words, noise, noise, words, (before, head, tail, after) => {
        const text = `${before} redis://user:${head}${SECRET}${tail}@host ${after}`;
        expect(redactUrl(text)).not.toContain(SECRET);
      }),
    );
  });
});

describe('a key fit for logs', () => {
  it.each([
    ['customer:jan@example.org', /^customer:~[\w-]{12}$/],
    ['Catalog.find("jan")', /^Catalog\.find\(~[\w-]{12}$/],
    ['cache-tag:{default:jan}', /^cache-tag:~[\w-]{12}$/],
    ['jan@example.org:orders', /^~[\w-]{12}$/],
    ['42:orders', /^~[\w-]{12}$/],
    ['jan', /^~[\w-]{12}$/],
  ])('of %s shows the kind only', (key, expected) => {
    expect(redactKey(key)).toMatch(expected);
    expect(redactKey(key)).toBe(redactKey(key));
  });

  it('is another for another key', () => {
    expect(redactKey('customer:1')).not.toBe(redactKey('customer:2'));
  });
});

describe('a message fit for logs', () => {
  it('is the message of an error without the credentials in it', () => {
    expect(safeMessage(new Error(`cannot reach redis://u:${SECRET}@host`))).toBe(
      'cannot reach redis://***@host',
    );
  });

  it('leaves out what the driver hangs on an error', () => {
    const error = Object.assign(new Error('NOAUTH'), { command: { args: [SECRET] } });
    expect(safeMessage(error)).toBe('NOAUTH');
  });

  it('leaves out the arguments that a server repeats about a command it does not know', () => {
    const reply = `ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'u' '${SECRET}' `;
    expect(safeMessage(new Error(reply))).toBe("ERR unknown command 'HELLO'");
  });

  it.each([
    ['an error without a message', new TypeError(), 'TypeError'],
    ['a text', 'plain text', 'plain text'],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('reason'), 'Symbol(reason)'],
    ['an object without a prototype', Object.create(null), '[object Object]'],
    [
      'an object whose text throws',
      {
        toString() {
          throw new Error('no text');
        },
      },
      '[object Object]',
    ],
  ])('is made of anything that was thrown: %s', (_, thrown, expected) => {
    expect(safeMessage(thrown)).toBe(expected);
  });
});
