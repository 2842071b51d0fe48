import type { INestApplicationContext } from '@nestjs/common';
import { LockService, type LocksOptions, type RedisKitEventMap } from 'nestjs-redis-kit';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { KeySpace } from '../../libs/redis-kit/src/core/key-space.js';
import { RedisMutexStore } from '../../libs/redis-kit/src/lock/stores/redis-mutex.store.js';
import { startApplication } from './application.js';

export interface LockProcessUnderTest {
  readonly app: INestApplicationContext;
  readonly locks: LockService;
  /** What its locks are kept in, to send single requests. */
  readonly store: RedisMutexStore;
  /** Losses announced so far. */
  readonly lost: RedisKitEventMap['lock.lost'][];
  /** Resolves when the next call has queued. */
  queued(): Promise<void>;
}

/** An application with locks, standing for a process. Give several the same namespace. */
export async function startLocks(
  url: string,
  namespace: string,
  locks: LocksOptions = {},
): Promise<LockProcessUnderTest> {
  const lost: RedisKitEventMap['lock.lost'][] = [];
  const app = await startApplication({ url, namespace, locks });
  const service = app.get(LockService);
  const { events } = service.process;
  events.on('lock.lost', (event) => lost.push(event));
  return {
    app,
    locks: service,
    store: new RedisMutexStore(app.get(RedisConnections).get(), app.get(KeySpace), service.process),
    lost,
    queued: () =>
      new Promise((resolve) => {
        const stop = events.on('lock.queued', () => {
          stop();
          resolve();
        });
      }),
  };
}
