import { describe, expect, it } from '@jest/globals';
import { hashPassword, isPassword } from './passwords.js';

describe('a password', () => {
  it('is known by its hash, which is another one each time', async () => {
    const [one, two] = await Promise.all([
      hashPassword('lantern & mug'),
      hashPassword('lantern & mug'),
    ]);
    expect(one).not.toBe(two);
    expect(one).not.toContain('lantern');
    expect(await isPassword('lantern & mug', one)).toBe(true);
    expect(await isPassword('lantern and mug', one)).toBe(false);
  });

  it('is never that of an account that does not exist', async () => {
    expect(await isPassword('', undefined)).toBe(false);
  });
});
