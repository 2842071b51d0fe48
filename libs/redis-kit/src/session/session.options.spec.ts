import { describe, expect, it } from '@jest/globals';
import { resolveSessionOptions, type SessionModuleOptions } from './session.options.js';

const secret = 'a secret that is long enough for it';

const issuesOf = (options: unknown): string => {
  try {
    resolveSessionOptions(options as SessionModuleOptions);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('the options of sessions', () => {
  it('have defaults for all but the secret', () => {
    expect(resolveSessionOptions({ secret })).toMatchObject({
      secrets: [secret],
      cookie: { name: 'sid', secure: 'auto', sameSite: 'lax', path: '/', persistent: true },
      idleMs: 7_200_000,
      absoluteMs: 604_800_000,
      renewalMs: 0,
      touchEveryMs: 60_000,
      maxPerUser: 0,
      onConflict: 'merge',
      foreign: { prefix: 'sess:' },
    });
    expect(resolveSessionOptions({ secret, foreign: false }).foreign).toBeUndefined();
  });

  it.each([
    [{}, /\.secret: got \(hidden\), expected a secret of at least 32 characters/],
    [{ secret: 'short' }, /\.secret: got \(hidden\), expected a secret/],
    [{ secret: [] }, /\.secret: got \(hidden\)/],
    [{ secret, idle: '0s' }, /\.idle: got "0s", expected a duration .* at least 1s/],
    [{ secret, idle: '2d', absolute: '1d' }, /\.absolute: got .* expected no less than idle/],
    [{ secret, idle: '10s', touchEvery: '6s' }, /\.touchEvery: got .* at most half of idle/],
    [{ secret, renewal: '8d' }, /\.renewal: got .* less than absolute/],
    [{ secret, renewal: true }, /\.renewal: got true, expected false, or a duration/],
    [{ secret, maxPerUser: 0 }, /\.maxPerUser: got 0, expected a whole number from 1/],
    [{ secret, onLimit: 'kick' }, /\.onLimit: got "kick", expected one of/],
    [{ secret, cookie: { sameSite: 'none' } }, /\.cookie\.sameSite: got "none"/],
    [{ secret, cookie: { name: 'a b' } }, /\.cookie\.name: got "a b"/],
    [{ secret, foreign: { userOf: 1 } }, /\.foreign\.userOf: got 1, expected a function/],
    [{ secret, rolling: true }, /\.rolling: got .* no such option/],
  ])('names what is wrong with %j', (options, message) => {
    expect(issuesOf(options)).toMatch(message);
  });
});
