import { Inject } from '@nestjs/common';

/** Injection token of a named connection's client; `'default'` when no name is given. */
export const getRedisToken = (name = 'default'): symbol => Symbol.for(`redis-kit:client:${name}`);

/** Injects the ioredis client (`Redis` or `Cluster`) of a named connection. */
export const InjectRedis = (name?: string): ReturnType<typeof Inject> =>
  Inject(getRedisToken(name));
