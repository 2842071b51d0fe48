import assert from 'node:assert/strict';
import type { LoginRequest } from '../../session/stores/session-vault.js';
import { eventually } from '../rig/eventually.js';
import {
  HOUR,
  kindAt,
  login,
  place,
  request,
  SOON,
  user,
  type SessionVaultSubject,
} from './session-vault.subject.js';

/** How the list of a user's sessions follows what expires. */
export const sessionListCases = {
  'takes a session off the list when its time is over': async ({ vault }) => {
    const tag = user();
    const at = await login(vault, tag, { idleMs: SOON });
    const kept = await login(vault, tag);
    await eventually(async () => assert.equal(await kindAt(vault, at), 'missing'));
    await eventually(async () => {
      const { entries } = await vault.list(tag, 10);
      assert.deepEqual(
        entries.map(({ handle }) => handle),
        [kept.handle],
      );
    });
  },

  'takes what expired off the list at the next login, and says which': async ({ vault }) => {
    const limits: Partial<LoginRequest>[] = [{}, { most: 1, evicts: false }];
    for (const changes of limits) {
      const tag = user();
      const idle = await login(vault, tag, { idleMs: SOON });
      await eventually(async () => assert.equal(await kindAt(vault, idle), 'missing'));
      const answer = { outcome: 'created', expired: [idle.handle], ended: [] };
      assert.deepEqual(await vault.login(place(tag), request(changes)), answer);
    }
  },

  'keeps epoch and list for as long as the longest session, whatever else ends': async ({
    vault,
  }) => {
    const tag = user();
    const ticketMs = 2_000;
    const ticket = await vault.ticket(tag, ticketMs);
    const takenAt = performance.now();
    const long = await login(vault, tag, { ticket });
    const short = await login(vault, tag, { absoluteMs: ticketMs / 2 });
    await vault.touch(short, { idleMs: HOUR, renewalMs: 0 });
    await eventually(async () => {
      assert.equal(await kindAt(vault, short), 'missing');
      assert.ok(performance.now() - takenAt > ticketMs + 200);
    });
    assert.equal(await kindAt(vault, long), 'live');
    const { entries } = await vault.list(tag, 10);
    assert.deepEqual(
      entries.map(({ handle }) => handle),
      [long.handle],
    );
  },
} satisfies Record<string, (subject: SessionVaultSubject) => Promise<void>>;
