import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { SessionPlace } from '../../session/session-id.js';
import type { LoginRequest, SessionVault } from '../../session/stores/session-vault.js';
import type { ContractSubject } from './contract.js';

export interface SessionVaultSubject extends ContractSubject {
  readonly vault: SessionVault;
}

export const HOUR = 3_600_000;
export const SOON = 400;

const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
export const place = (tag: string): SessionPlace => ({ tag, handle: random(9) });
export const user = (): string => `u${random(12)}`;
export const guest = (): SessionPlace => place(`g${random(12)}`);

export const request = (changes: Partial<LoginRequest> = {}): LoginRequest => ({
  userId: 'user 1|ü',
  digest: 'digest',
  data: '{"a":1}',
  idleMs: HOUR,
  absoluteMs: 2 * HOUR,
  device: '{"name":"test"}',
  most: 0,
  evicts: true,
  ticket: undefined,
  endedMs: HOUR,
  ...changes,
});

export const kindAt = async (vault: SessionVault, at: SessionPlace): Promise<string> =>
  (await vault.read(at)).kind;

/** Logs in as the user of a tag, and tells where. */
export async function login(
  vault: SessionVault,
  tag: string,
  changes: Partial<LoginRequest> = {},
): Promise<SessionPlace> {
  const at = place(tag);
  const { outcome } = await vault.login(at, request(changes));
  assert.equal(outcome, 'created');
  return at;
}
