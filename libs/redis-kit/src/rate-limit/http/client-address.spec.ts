import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addressKey,
  AddressList,
  forwardedAddress,
  parseAddress,
  parseNetwork,
} from './client-address.js';

const keyOf = (text: string, prefix?: number): string | undefined => {
  const address = parseAddress(text);
  return address && addressKey(address, prefix);
};

describe('a client is counted by', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:FFFF:CB00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
    ['2001:db8:aa:bb12:1:2:3:4', '2001:db8:aa:bb00::/56'],
    ['2001:DB8:AA:BB99::1', '2001:db8:aa:bb00::/56'],
    ['[2001:db8:aa:bb12::1]', '2001:db8:aa:bb00::/56'],
    ['[2001:db8:aa:bb12::1]:8080', '2001:db8:aa:bb00::/56'],
    ['fe80::1%eth0', 'fe80::/56'],
    ['::1', '::/56'],
    [' 203.0.113.7 ', '203.0.113.7'],
  ])('%s as %s', (text, key) => {
    expect(keyOf(text)).toBe(key);
  });

  it('another prefix by option', () => {
    expect(keyOf('2001:db8:aa:bb12:1:2:3:4', 64)).toBe('2001:db8:aa:bb12::/64');
    expect(keyOf('2001:db8:aa:bb12:1:2:3:4', 48)).toBe('2001:db8:aa::/48');
    expect(keyOf('2001:db8:aa:bb12:1:2:3:4', 128)).toBe('2001:db8:aa:bb12:1:2:3:4/128');
    expect(keyOf('2001:db8:aa:bb12:1:2:3:4', 59)).toBe('2001:db8:aa:bb00::/59');
  });

  it.each([
    '',
    'unknown',
    '_hidden',
    '0x7f.1',
    '127.1',
    '010.1.1.1',
    '1.2.3.4.5',
    '1.2.3.4, 5.6.7.8',
    '[::1',
    'a\r\nb',
  ])('nothing when it is no address: %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('one key however the last 72 bits are chosen', () => {
    const part = fc.integer({ min: 0, max: 0xffff }).map((n) => n.toString(16));
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 0xff }),
        (rest, low) => {
          const fourth = (0x1200 + low).toString(16);
          expect(keyOf(`2001:db8:1:${fourth}:${rest.join(':')}`)).toBe('2001:db8:1:1200::/56');
        },
      ),
    );
  });
});

describe('a list of addresses', () => {
  const list = new AddressList([
    '10.0.0.0/8',
    '192.0.2.1',
    '2001:db8::/32',
    '::ffff:172.16.0.0/108',
  ]);
  const has = (text: string): boolean => list.has(parseAddress(text)!);

  it('has the networks and the addresses that it names', () => {
    expect(
      ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.1', '2001:db8:9::1', '172.16.9.9'].map(has),
    ).toEqual(Array(5).fill(true));
    expect(['11.0.0.1', '192.0.2.2', '2001:db9::1', '172.32.0.1', '::1'].map(has)).toEqual(
      Array(5).fill(false),
    );
  });

  it.each([
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/8/8',
    'example.org',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '::ffff:1.2.3.4/90',
  ])('is not made of %s', (entry) => {
    expect(parseNetwork(entry)).toBeUndefined();
    expect(() => new AddressList([entry])).toThrow('is no address and no network');
  });
});

describe('behind proxies the client is', () => {
  const client = (
    trusted: number | readonly string[],
    peer: string | undefined,
    forwarded?: string,
  ) =>
    forwardedAddress(
      peer,
      forwarded,
      typeof trusted === 'number' ? trusted : new AddressList(trusted),
    )?.toString();

  it('the peer, when no proxy is trusted', () => {
    expect(client(0, '203.0.113.7', '1.1.1.1')).toBe('203.0.113.7');
    expect(client(['10.0.0.0/8'], '203.0.113.7', '1.1.1.1')).toBe('203.0.113.7');
  });

  it('what the nearest proxies report, from the right', () => {
    expect(client(1, '10.0.0.1', '6.6.6.6, 203.0.113.7')).toBe('203.0.113.7');
    expect(client(2, '10.0.0.1', '6.6.6.6, 203.0.113.7, 10.0.0.2')).toBe('203.0.113.7');
    expect(client(['10.0.0.0/8'], '10.0.0.1', '6.6.6.6, 203.0.113.7, 10.0.0.2')).toBe(
      '203.0.113.7',
    );
  });

  it('the furthest that is reported, when there are fewer than expected', () => {
    expect(client(3, '10.0.0.1', '203.0.113.7')).toBe('203.0.113.7');
    expect(client(1, '10.0.0.1')).toBe('10.0.0.1');
    expect(client(1, '10.0.0.1', '')).toBe('10.0.0.1');
  });

  it('the proxy itself, when what it reports is no address', () => {
    expect(client(1, '10.0.0.1', '203.0.113.7, unknown')).toBe('10.0.0.1');
    expect(client(2, '10.0.0.1', 'junk, 10.0.0.2')).toBe('10.0.0.2');
  });

  it('nobody, when the connection has no peer any more', () => {
    expect(client(1, undefined, '203.0.113.7')).toBeUndefined();
  });

  it('never somebody the client names itself, whatever it sends', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6())), (sent) => {
        const forwarded = [...sent, '203.0.113.7'].join(',');
        expect(client(1, '10.0.0.1', forwarded)).toBe('203.0.113.7');
        expect(client(['10.0.0.1'], '10.0.0.1', forwarded)).toBe('203.0.113.7');
      }),
    );
  });
});
