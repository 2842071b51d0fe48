import { randomBytes } from 'node:crypto';

/** A name no other test uses, so that tests share a server without seeing each other's keys. */
export function isolatedNamespace(prefix = 'test'): string {
  return `${prefix}-${randomBytes(8).toString('hex')}`;
}
