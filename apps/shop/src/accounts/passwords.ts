import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const scrypt = promisify<string, Buffer, number, { N: number; maxmem: number }, Buffer>(
  scryptCallback,
);

/** Work of one attempt: doubles the time and the 32 MB it takes with each step. */
const COST = 2 ** 15;
const KEY_BYTES = 32;
const MEMORY = 128 * 1024 * 1024;

/** `scrypt$<cost>$<salt>$<key>`, so that the cost can be raised later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await scrypt(password.normalize('NFKC'), salt, KEY_BYTES, {
    N: COST,
    maxmem: MEMORY,
  });
  return ['scrypt', COST, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Takes as long for an account that does not exist, so that nobody can find out which do. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, cost = String(COST), salt = '', key = ''] = hash?.split('$') ?? [];
  const expected = Buffer.from(key, 'base64url');
  const actual = await scrypt(
    password.normalize('NFKC'),
    Buffer.from(salt, 'base64url'),
    KEY_BYTES,
    { N: Number(cost), maxmem: MEMORY },
  );
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
