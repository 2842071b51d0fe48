import { describe, expect, it } from '@jest/globals';
import { decodeContent, encodeContent, mergeContent } from './session-data.js';
import { describeDevice, readDevice, truncateAddress } from './device.js';
import { parseSessionId, SessionIds } from './session-id.js';

describe('the data of a session', () => {
  it('is stored without the cookie, and not beyond its size', () => {
    expect(encodeContent({ cookie: {}, a: 1 }, 100)).toBe('{"a":1}');
    expect(() => encodeContent({ a: 'ü'.repeat(50) }, 100)).toThrow(
      /takes 108 bytes, more than maxBytes \(100\)/,
    );
  });

  it.each([
    '{"__proto__":{"admin":true},"a":{"__proto__":{"admin":true}}}',
    '{"\\u005f_proto__":{"admin":true},"a":{"_\\u005Fproto__":{"admin":true}}}',
  ])('changes no prototype when it is copied: %s', (text) => {
    const content = decodeContent(text)!;
    expect(Object.keys(content)).toEqual(['a']);
    const copy = Object.assign({}, content, content['a']) as { admin?: boolean };
    expect(copy.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each(['', '1', 'null', '[]', '"text"', '{', '{"a":'])('is none in %j', (text) => {
    expect(decodeContent(text)).toBeUndefined();
  });

  it('of two requests is what each changed', () => {
    const base = { same: 1, ours: 1, theirs: 1, both: 1, gone: 1, lost: 1 };
    const ours = { same: 1, ours: 2, theirs: 1, both: 2, lost: 1, added: 1 };
    const theirs = { same: 1, ours: 1, theirs: 2, both: 3, gone: 1, more: 1 };
    expect(mergeContent(base, ours, theirs)).toEqual({
      same: 1,
      ours: 2,
      theirs: 2,
      both: 2,
      added: 1,
      more: 1,
    });
  });
});

describe('a session id', () => {
  const ids = new SessionIds('tags', 'successors');

  it('has the tag of its user, and 192 bits that nobody can guess', () => {
    const [one, two] = [ids.forUser('anna'), ids.forUser('anna')];
    expect(one.tag).toBe(two.tag);
    expect(one.secret).not.toBe(two.secret);
    expect(Buffer.from(one.secret, 'base64url')).toHaveLength(24);
    expect(one.tag).not.toContain('anna');
    expect(ids.forUser('berta').tag).not.toBe(one.tag);
    expect(new SessionIds('other tags', 'successors').tagOf('anna')).not.toBe(one.tag);
  });

  it('has one successor, which cannot be computed without the key', () => {
    const id = ids.forUser('anna');
    expect(ids.successorOf(id)).toEqual(ids.successorOf(id));
    expect(ids.successorOf(id).secret).not.toBe(id.secret);
    expect(new SessionIds('tags', 'another key').successorOf(id)).not.toEqual(ids.successorOf(id));
    expect(ids.successorOfForeign('x', undefined)).toEqual(ids.successorOfForeign('x', undefined));
    expect(ids.successorOfForeign('x', 'anna').tag).toBe(id.tag);
  });

  it('is taken apart only when it is one', () => {
    const id = ids.forGuest();
    expect(parseSessionId(id.id)).toEqual(id);
    for (const other of [
      '',
      'sess',
      `${id.id}x`,
      id.id.slice(1),
      id.id.replace('.', ':'),
      `${id.id}\n`,
    ]) {
      expect(parseSessionId(other)).toBeUndefined();
    }
  });
});

describe('a device', () => {
  it('is what the client says, without the last part of its address', () => {
    const userAgent =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';
    expect(describeDevice({ ip: '203.0.113.77', userAgent })).toEqual({
      name: 'Safari on iOS',
      browser: 'Safari 17',
      os: 'iOS 17',
      type: 'mobile',
      ip: '203.0.113.0/24',
    });
    expect(describeDevice({ ip: undefined, userAgent: undefined }, 'Till 3').name).toBe('Till 3');
    expect(
      describeDevice({ ip: undefined, userAgent: 'x'.repeat(9_000) }).name.length,
    ).toBeLessThan(101);
  });

  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2::77', '2001:db8:1::/48'],
    ['nonsense', undefined],
  ])('of %s came from %s', (ip, network) => {
    expect(truncateAddress(ip)).toBe(network);
  });

  it('that was stored is not trusted', () => {
    expect(readDevice('{"name":1,"type":"fridge","ip":{}}')).toMatchObject({
      name: 'Unknown device',
      type: undefined,
      ip: undefined,
    });
    expect(readDevice('nonsense').name).toBe('Unknown device');
    expect(readDevice('null').name).toBe('Unknown device');
  });
});
