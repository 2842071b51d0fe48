import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  RedisSessionStore,
  SessionModule,
  SessionService,
  type SessionModuleOptions,
} from 'nestjs-redis-kit/session';
import {
  isolatedNamespace,
  keysWithoutExpiry,
  sessionVaultContract,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import { Sessions } from '../../libs/redis-kit/src/session/sessions.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { runScenario } from '../support/run-scenario.js';
import { SECRET } from '../support/session-application.js';
import type { Topology } from '../support/topologies/topology.js';

type Process = typeof import('../scenarios/session-application.js').methods;

const start = (
  topology: Topology,
  namespace = isolatedNamespace(),
  options: Partial<SessionModuleOptions> = {},
): Promise<INestApplicationContext> =>
  startApplication(
    { namespace, connections: { default: topology.connectionOptions() } },
    { imports: [SessionModule.forRoot({ secret: SECRET, deadline: '20s', ...options })] },
  );

describeTopologies('sessions', (topology) => {
  const namespace = isolatedNamespace();
  let app: INestApplicationContext;
  let sessions: SessionService;
  let core: Sessions;

  const loginAs = async (userId: string) =>
    (await core.login(userId, {}, { device: '{}', ticket: undefined })).state;
  const keyOf = (tag: string, part: string): string => `${namespace}:v1:session:{${tag}}:${part}`;

  beforeAll(async () => {
    app = await start(topology, namespace);
    sessions = app.get(SessionService);
    core = app.get(Sessions);
  });

  afterAll(() => app?.close());

  // One of its cases clears everything that there is in its namespace.
  let own: INestApplicationContext;
  beforeAll(async () => {
    own = await start(topology);
  });
  afterAll(() => own?.close());

  const contract = sessionVaultContract(async () => ({
    vault: own.get(Sessions).vault,
    dispose: async () => undefined,
  }));

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('of a user are revoked also when the list of them is lost', async () => {
    const state = await loginAs('index');
    const { tag } = state.id;
    await topology.admin.unlink(keyOf(tag, 'i'));
    expect(await sessions.listForUser('index')).toEqual([]);
    expect(await core.load(state.id)).toBeDefined();
    // Being used puts it back on the list.
    await core.vault.touch(state.id, { idleMs: 3_600_000, renewalMs: 0 });
    expect(await sessions.listForUser('index')).toHaveLength(1);
    await topology.admin.unlink(keyOf(tag, 'i'));
    await sessions.revokeAll('index');
    expect(await core.load(state.id)).toBeUndefined();
    // What is left of it takes nothing more, and is not given more time.
    expect(await core.vault.save(state.id, 0, '{"late":1}')).toEqual({ outcome: 'gone' });
    expect(await core.vault.touch(state.id, { idleMs: 3_600_000, renewalMs: 0 })).toBe('gone');
    expect(await sessions.listForUser('index')).toEqual([]);
  });

  it('that were evicted are off the list; without their epoch all are dead; without devices unknown', async () => {
    const [one, two] = [await loginAs('evicted'), await loginAs('evicted')];
    const { tag } = one.id;
    await topology.admin.unlink(keyOf(tag, `s:${one.handle}`));
    const expired: string[] = [];
    const stop = sessions.onExpired(({ handles }) => expired.push(...handles));
    expect((await sessions.listForUser('evicted')).map(({ handle }) => handle)).toEqual([
      two.handle,
    ]);
    expect(expired).toEqual([one.handle]);
    stop();
    await topology.admin.unlink(keyOf(tag, 'd'));
    expect((await sessions.listForUser('evicted'))[0]!.device.name).toBe('Unknown device');
    await topology.admin.unlink(keyOf(tag, 'e'));
    expect(await core.load(two.id)).toBeUndefined();
    await core.save(two, { late: true });
    expect(await core.load(two.id)).toBeUndefined();
  });

  it('may be thousands of one user, of which one list shows 1,000 and one revocation ends all', async () => {
    const many = topology.name === 'standalone' ? 10_000 : 2_000;
    for (let from = 0; from < many; from += 500) {
      await Promise.all(Array.from({ length: 500 }, () => loginAs('many')));
    }
    const survivor = await loginAs('many');
    expect(await sessions.listForUser('many')).toHaveLength(1_000);
    expect(await sessions.revokeAll('many')).toBe(many + 1);
    expect(await core.load(survivor.id)).toBeUndefined();
    const { tag } = survivor.id;
    expect(await topology.admin.exists(keyOf(tag, `s:${survivor.handle}`))).toBe(0);
    expect(await sessions.listForUser('many')).toEqual([]);
  }, 120_000);

  it('are counted, listed and cleared on all masters, by the store as by administrators', async () => {
    const own = isolatedNamespace();
    const other = await start(topology, own);
    try {
      const [store, inner] = [other.get(RedisSessionStore), other.get(Sessions)];
      await Promise.all(
        Array.from({ length: 300 }, (_, i) =>
          i % 2 === 0
            ? inner.create(inner.ids.forGuest(), { i })
            : inner.login(`user ${i}`, { i }, { device: '{}', ticket: undefined }),
        ),
      );
      expect(await store.length()).toBe(300);
      const all = (await store.all()) as { id: string; i: number }[];
      expect(new Set(all.map(({ i }) => i)).size).toBe(300);
      expect(await store.ids()).toHaveLength(300);
      const users = new Set<string | undefined>();
      for await (const { userId } of other.get(SessionService).scan()) users.add(userId);
      expect(users.size).toBe(151);
      await store.clear();
      expect(await store.length()).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('with a payload that somebody else wrote are no sessions, and harm nobody', async () => {
    const state = await loginAs('hostile');
    const key = keyOf(state.id.tag, `s:${state.handle}`);
    const record = (await topology.admin.get(key))!;
    const header = record.slice(0, record.indexOf('\n') + 1);
    for (const data of ['null', '[1]', '{', '"x"', 'x'.repeat(1_000)]) {
      await topology.admin.set(key, header + data, 'KEEPTTL');
      expect(await core.load(state.id)).toBeUndefined();
    }
    await topology.admin.set(key, `${header}{"__proto__":{"admin":true},"a":1}`, 'KEEPTTL');
    expect((await core.load(state.id))!.content).toEqual({ a: 1 });
    for (const nonsense of ['', '1|2|3', 'c|', header.trim(), '\n{}']) {
      await topology.admin.set(key, nonsense, 'PX', 60_000);
      expect(await core.load(state.id)).toBeUndefined();
      await core.save(state, { late: true });
      expect(await topology.admin.get(key)).toBe(nonsense);
    }
  });

  it('are neither lost nor doubled when a process dies between the steps of a login', async () => {
    const guest = core.ids.forGuest();
    await core.create(guest, { cart: ['mug'] });
    // The session of the user is there, nobody has its cookie, and the guest has not been claimed.
    const orphan = await loginAs('crashed');
    expect((await core.load(guest))!.content).toEqual({ cart: ['mug'] });
    const next = await loginAs('crashed');
    expect(await core.claim(guest)).toEqual({ isFirst: true, content: { cart: ['mug'] } });
    expect(await core.claim(guest)).toEqual({ isFirst: false, content: { cart: ['mug'] } });
    expect(await sessions.listForUser('crashed')).toHaveLength(2);
    expect(await sessions.revoke('crashed', orphan.handle)).toBe(true);
    expect(await core.load(next.id)).toBeDefined();
  });

  it('are not opened by another handle, tag or secret', async () => {
    const [mine, yours] = [await loginAs('me'), await loginAs('you')];
    const { ids } = core;
    const forged = [
      { ...mine.id, secret: yours.id.secret },
      { ...mine.id, handle: yours.handle },
      { ...mine.id, tag: yours.id.tag },
      ids.withNewSecret(mine.id),
      ids.successorOf(mine.id),
    ];
    for (const id of forged) expect(await core.load(id)).toBeUndefined();
    expect(await sessions.revoke('me', yours.handle)).toBe(false);
    expect(await sessions.revoke('me', `${yours.handle}}:s:x`)).toBe(false);
    expect(await core.load(yours.id)).toBeDefined();
  });

  it('leave no key without an expiry', async () => {
    expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
  });

  describe('in three processes', () => {
    let processes: ScenarioProcesses<Process>;

    const startAll = async (session: Partial<SessionModuleOptions>) => {
      const options = {
        namespace: isolatedNamespace(),
        connection: topology.connectionOptions(),
        session,
      };
      await Promise.all([0, 1, 2].map((i) => processes.call(i, 'start', options)));
    };

    beforeAll(async () => {
      processes = await runScenario<Process>(3, 'session-application');
      await startAll({ maxPerUser: 1 });
    }, 120_000);

    afterAll(async () => {
      await Promise.all([0, 1, 2].map((i) => processes?.call(i, 'stop')));
      await processes?.stop();
    });

    it('a revocation leaves nobody: no session, no save, no login with an older ticket', async () => {
      for (let round = 0; round < 5; round++) {
        const user = `round${round}`;
        const [one, ticket] = [
          await processes.call(0, 'login', user),
          await processes.call(1, 'ticket', user),
        ];
        const [some, more] = await Promise.all([
          processes.call(0, 'loginWith', user, ticket, 5),
          processes.call(1, 'loginWith', user, ticket, 5),
          processes.call(2, 'save', one, 'late', 5),
          processes.call(2, 'revokeAll', user),
        ]);
        for (const cookies of [one, ...some, ...more]) {
          expect((await processes.call(0, 'me', cookies)).userId).toBeNull();
        }
        expect(await processes.call(1, 'listed', user)).toBe(0);
      }
    });

    it('of many logins at once, one session is left where one is allowed', async () => {
      const cookies = await Promise.all(
        [0, 1, 2, 0, 1, 2].map((i) => processes.call(i, 'login', 'single')),
      );
      const users = await Promise.all(cookies.map((one) => processes.call(0, 'me', one)));
      expect(users.filter(({ userId }) => userId !== null)).toHaveLength(1);
      expect(await processes.call(1, 'listed', 'single')).toBe(1);
    });

    it('a logout here ends what is being saved there', async () => {
      for (let round = 0; round < 5; round++) {
        const cookies = await processes.call(0, 'login', `leaver${round}`);
        await Promise.all([
          processes.call(1, 'save', cookies, 'a', 5),
          processes.call(0, 'logout', cookies),
          processes.call(2, 'save', cookies, 'b', 5),
        ]);
        expect((await processes.call(2, 'me', cookies)).userId).toBeNull();
      }
    });

    it('what is saved here and there at once is all there', async () => {
      const cookies = await processes.call(0, 'login', 'keeper');
      await Promise.all([0, 1, 2].map((i) => processes.call(i, 'save', cookies, `p${i}-`, 4)));
      const { data } = await processes.call(0, 'me', cookies);
      expect(Object.keys(data)).toHaveLength(12);
    });
  });
});
