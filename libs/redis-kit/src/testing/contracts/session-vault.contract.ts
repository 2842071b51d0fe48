import assert from 'node:assert/strict';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase } from './contract.js';
import { sessionListCases } from './session-list.contract.js';
import {
  guest,
  HOUR,
  kindAt,
  login,
  place,
  request,
  SOON,
  user,
  type SessionVaultSubject,
} from './session-vault.subject.js';

/** What every place that sessions are kept in must do, step by step. */
export const sessionVaultContract = (create: () => Promise<SessionVaultSubject>): ContractCase[] =>
  casesOf(create, {
    ...sessionListCases,

    'reads what was created, and nothing where nothing was': async ({ vault }) => {
      const at = guest();
      assert.equal(await kindAt(vault, at), 'missing');
      assert.equal(await vault.create(at, request({ data: '{"cart":["mug\\n|"]}' })), true);
      const stored = await vault.read(at);
      assert.ok(stored.kind === 'live');
      assert.equal(stored.data, '{"cart":["mug\\n|"]}');
      assert.deepEqual(
        [stored.facts.version, stored.facts.userId, stored.facts.digest, stored.previous],
        [1, undefined, 'digest', undefined],
      );
      assert.equal(await vault.create(at, request()), false);
    },

    'saves over the version that was read, and tells what is there otherwise': async ({
      vault,
    }) => {
      const at = guest();
      await vault.create(at, request());
      assert.deepEqual(await vault.save(at, 1, '{"b":2}'), { outcome: 'saved', version: 2 });
      const conflict = { outcome: 'conflict', version: 2, data: '{"b":2}' };
      assert.deepEqual(await vault.save(at, 1, '{"c":3}'), conflict);
      assert.deepEqual(await vault.save(at, 0, '{"d":4}'), { outcome: 'saved', version: 3 });
    },

    'lets exactly one of many saves of the same version through': async ({ vault }) => {
      const at = guest();
      await vault.create(at, request());
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => vault.save(at, 1, `{"i":${i}}`)),
      );
      assert.equal(answers.filter(({ outcome }) => outcome === 'saved').length, 1);
    },

    'brings nothing back by a save, a touch or a renewal: not what ended, and not what never was':
      async ({ vault }) => {
        const at = await login(vault, user());
        const never = place(user());
        assert.equal(await vault.end(at, HOUR), true);
        assert.equal(await vault.end(at, HOUR), false);
        assert.equal(await vault.end(never, HOUR), false);
        const renewal = { digest: 'digest', next: 'n', graceMs: HOUR, authenticates: false };
        for (const gone of [at, never]) {
          assert.deepEqual(await vault.save(gone, 0, '{}'), { outcome: 'gone' });
          assert.equal(await vault.touch(gone, { idleMs: HOUR, renewalMs: 0 }), 'gone');
          assert.equal(await vault.renew(gone, renewal), false);
        }
        assert.deepEqual(
          [await kindAt(vault, at), await kindAt(vault, never)],
          ['ended', 'missing'],
        );
        assert.equal(await vault.create(at, request()), false);
      },

    'ends what is idle, and gives what is used its idle time anew': async ({ vault }) => {
      const idle = guest();
      const startedAt = performance.now();
      await vault.create(idle, request({ idleMs: SOON }));
      await eventually(async () => assert.equal(await kindAt(vault, idle), 'missing'));
      assert.ok(performance.now() - startedAt >= SOON - 5);
      assert.deepEqual(await vault.save(idle, 0, '{}'), { outcome: 'gone' });

      const tag = user();
      const used = await login(vault, tag, { idleMs: HOUR / 2, absoluteMs: 2 * HOUR });
      const expiry = async () => (await vault.list(tag, 1)).entries[0]!.expiresAtMs;
      const before = await expiry();
      assert.equal(await vault.touch(used, { idleMs: HOUR, renewalMs: 0 }), 'touched');
      assert.ok((await expiry()) - before >= HOUR / 2);
      // Never beyond the absolute end.
      await vault.touch(used, { idleMs: 9 * HOUR, renewalMs: 0 });
      assert.ok((await expiry()) - before <= 1.5 * HOUR);
    },

    'ends everything at its absolute end, however much it is used': async ({ vault }) => {
      const tag = user();
      const at = await login(vault, tag, { idleMs: HOUR, absoluteMs: SOON });
      await eventually(async () => {
        await vault.touch(at, { idleMs: HOUR, renewalMs: 0 });
        await vault.save(at, 0, '{}');
        assert.equal(await kindAt(vault, at), 'missing');
      });
      assert.deepEqual((await vault.list(tag, 10)).entries, []);
    },

    'lists the sessions of a user, the one seen last first, and of nobody else': async ({
      vault,
    }) => {
      const tag = user();
      const first = await login(vault, tag, { idleMs: HOUR / 2 });
      const second = await login(vault, tag);
      await login(vault, user());
      const { entries, gone } = await vault.list(tag, 10);
      assert.deepEqual(
        entries.map(({ handle }) => handle),
        [second.handle, first.handle],
      );
      assert.deepEqual(gone, []);
      const [entry] = entries;
      assert.equal(entry!.device, '{"name":"test"}');
      assert.ok(entry!.expiresAtMs - entry!.seenAtMs <= HOUR);
      assert.ok(entry!.createdAtMs > 0 && entry!.seenAtMs >= entry!.createdAtMs);
      assert.equal((await vault.list(tag, 1)).entries.length, 1);
      await vault.end(second, HOUR);
      assert.equal((await vault.list(tag, 10)).entries.length, 1);
    },

    'ends the oldest when there are too many, or refuses, as it is asked': async ({ vault }) => {
      const tag = user();
      const oldest = await login(vault, tag, { most: 2 });
      await eventually(async () => {
        // Created at another millisecond than the next one.
        const { facts } = (await vault.read(oldest)) as { facts: { createdAtMs: number } };
        assert.ok(Date.now() > facts.createdAtMs + 1);
      });
      const second = await login(vault, tag, { most: 2 });
      const refused = await vault.login(place(tag), request({ most: 2, evicts: false }));
      assert.deepEqual(refused, { outcome: 'refused', expired: [] });
      const third = place(tag);
      assert.deepEqual(await vault.login(third, request({ most: 2 })), {
        outcome: 'created',
        expired: [],
        ended: [oldest.handle],
      });
      assert.deepEqual(await Promise.all([oldest, second, third].map((at) => kindAt(vault, at))), [
        'ended',
        'live',
        'live',
      ]);
    },

    'never has more sessions than allowed, however many log in at once': async ({ vault }) => {
      for (const evicts of [true, false]) {
        const tag = user();
        const places = Array.from({ length: 12 }, () => place(tag));
        await Promise.all(places.map((at) => vault.login(at, request({ most: 1, evicts }))));
        const kinds = await Promise.all(places.map((at) => kindAt(vault, at)));
        assert.equal(kinds.filter((kind) => kind === 'live').length, 1);
        assert.equal((await vault.list(tag, 100)).entries.length, 1);
      }
    },

    'revokes all: sessions, saves on their way, and logins whose ticket is older': async ({
      vault,
    }) => {
      const tag = user();
      const ticket = await vault.ticket(tag, HOUR);
      const [one, two] = [await login(vault, tag, { ticket }), await login(vault, tag)];
      const ended = await vault.revokeAll(tag, undefined, HOUR);
      assert.deepEqual([...ended].sort(), [one.handle, two.handle].sort());
      for (const at of [one, two]) {
        assert.notEqual(await kindAt(vault, at), 'live');
        assert.deepEqual(await vault.save(at, 0, '{}'), { outcome: 'gone' });
      }
      assert.deepEqual(await vault.login(place(tag), request({ ticket })), { outcome: 'revoked' });
      assert.deepEqual((await vault.list(tag, 10)).entries, []);
      const next = await login(vault, tag, { ticket: await vault.ticket(tag, HOUR) });
      assert.equal(await kindAt(vault, next), 'live');
    },

    'revokes the others, and lets one go on as it is': async ({ vault }) => {
      const tag = user();
      const [kept, other] = [await login(vault, tag), await login(vault, tag)];
      assert.deepEqual(await vault.revokeAll(tag, kept.handle, HOUR), [other.handle]);
      assert.notEqual(await kindAt(vault, other), 'live');
      assert.deepEqual(await vault.save(kept, 1, '{"still":1}'), { outcome: 'saved', version: 2 });
      const { entries } = await vault.list(tag, 10);
      assert.deepEqual(
        entries.map(({ handle, device }) => [handle, device]),
        [[kept.handle, '{"name":"test"}']],
      );
      // One that is dead is not brought to life by being kept.
      await vault.revokeAll(tag, undefined, HOUR);
      await vault.revokeAll(tag, kept.handle, HOUR);
      assert.notEqual(await kindAt(vault, kept), 'live');
    },

    'hands a guest’s data to the first who claims it, and copies to the others': async ({
      vault,
    }) => {
      const at = guest();
      await vault.create(at, request({ data: '{"cart":1}' }));
      assert.equal(await vault.claim(at, 'another digest', HOUR), undefined);
      const claims = await Promise.all(
        Array.from({ length: 5 }, () => vault.claim(at, 'digest', HOUR)),
      );
      assert.deepEqual(
        claims.map((claim) => claim?.data),
        Array(5).fill('{"cart":1}'),
      );
      assert.equal(claims.filter((claim) => claim?.isFirst).length, 1);
      assert.deepEqual(await vault.save(at, 0, '{}'), { outcome: 'gone' });
      assert.equal(await vault.end(at, HOUR), false);
      assert.equal(await kindAt(vault, at), 'claimed');
      assert.equal(await vault.claim(await login(vault, user()), 'digest', HOUR), undefined);
    },

    'renews a secret once, for all who come with the same, and keeps the old one for the grace':
      async ({ vault }) => {
        const at = await login(vault, user());
        const renewal = { digest: 'digest', next: 'next', graceMs: SOON, authenticates: false };
        const renewed = await Promise.all(
          Array.from({ length: 5 }, () => vault.renew(at, renewal)),
        );
        assert.deepEqual(renewed, Array(5).fill(true));
        const stored = await vault.read(at);
        assert.ok(stored.kind === 'live' && stored.facts.digest === 'next');
        assert.equal(await vault.renew(at, { ...renewal, next: 'other' }), false);
        await eventually(async () => {
          const later = await vault.read(at);
          assert.ok(later.kind === 'live' && later.previous === undefined);
        });
      },

    'says that a renewal is due when the secret is old enough': async ({ vault }) => {
      const at = await login(vault, user());
      assert.equal(await vault.touch(at, { idleMs: HOUR, renewalMs: HOUR }), 'touched');
      await eventually(async () => {
        assert.equal(await vault.touch(at, { idleMs: HOUR, renewalMs: 10 }), 'renewal-due');
      });
    },

    'knows how long ago the user proved who he is': async ({ vault }) => {
      const at = await login(vault, user());
      const holder = { digest: 'digest', successor: 'next' };
      assert.ok((await vault.authenticationAge(at, holder))! < HOUR);
      await eventually(async () => assert.ok((await vault.authenticationAge(at, holder))! > 20));
      const before = (await vault.read(at)) as { facts: { authenticatedAtMs: number } };
      await vault.renew(at, { digest: 'digest', next: 'n', graceMs: HOUR, authenticates: true });
      const after = (await vault.read(at)) as { facts: { authenticatedAtMs: number } };
      assert.ok(after.facts.authenticatedAtMs > before.facts.authenticatedAtMs);
      const stranger = guest();
      await vault.create(stranger, request());
      assert.equal(await vault.authenticationAge(stranger, holder), undefined);
      assert.equal(await vault.authenticationAge(place(user()), holder), undefined);
    },

    'tells it to those with the secret, or the one it followed from, and not who had another':
      async ({ vault }) => {
        const at = await login(vault, user());
        const isToldTo = async (digest: string, successor: string): Promise<boolean> =>
          (await vault.authenticationAge(at, { digest, successor })) !== undefined;
        assert.equal(await isToldTo('digest', 'next'), true);
        assert.equal(await isToldTo('other', 'next'), false);
        const renewal = { digest: 'digest', next: 'next', graceMs: HOUR };
        await vault.renew(at, { ...renewal, authenticates: false });
        assert.equal(await isToldTo('digest', 'next'), true);
        await vault.renew(at, { ...renewal, digest: 'next', next: 'new', authenticates: true });
        assert.equal(await isToldTo('new', 'after it'), true);
        assert.equal(await isToldTo('next', 'after that'), false);
        assert.equal(await isToldTo('digest', 'next'), false);
      },

    'takes over a session of another format once, and not after a revocation': async ({
      vault,
    }) => {
      const tag = user();
      const at = place(tag);
      const session = request({ data: '{"from":"before"}' });
      assert.deepEqual(await Promise.all([vault.adopt(at, session), vault.adopt(at, session)]), [
        true,
        true,
      ]);
      assert.deepEqual(await vault.save(at, 1, '{"b":1}'), { outcome: 'saved', version: 2 });
      assert.equal(await vault.adopt(at, session), true);
      assert.equal(((await vault.read(at)) as { data: string }).data, '{"b":1}');
      await vault.end(at, HOUR);
      await vault.adopt(at, session);
      assert.equal(await kindAt(vault, at), 'ended');
      await vault.revokeAll(tag, undefined, HOUR);
      assert.equal(await vault.adopt(place(tag), session), false);
    },

    'walks through all sessions, and clears them': async ({ vault }) => {
      const places = [guest(), guest()];
      for (const at of places) await vault.create(at, request());
      places.push(await login(vault, user()));
      const found = new Map<string, string>();
      for await (const { place: at, session } of vault.scan()) found.set(at.handle, session.kind);
      assert.deepEqual(
        places.map(({ handle }) => found.get(handle)),
        ['live', 'live', 'live'],
      );
      await vault.clear();
      assert.deepEqual(
        await Promise.all(places.map((at) => kindAt(vault, at))),
        Array(3).fill('missing'),
      );
    },
  });
