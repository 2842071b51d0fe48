import { ConfigurationError } from '../core/redis-kit.error.js';

/**
 * What frameworks look up on any object they are handed: Nest its lifecycle hooks, `await` a `then`, test frameworks and
 * loggers their marks. Looking is no use; the thing behind is not there.
 */
const PROBES = new Set([
  'constructor',
  'prototype',
  'then',
  'toJSON',
  'toString',
  'valueOf',
  'inspect',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
  'asymmetricMatch',
  '$$typeof',
  'nodeType',
  'tagName',
]);

/** Stands where something would be that needs Redis: it can be injected and passed on, and throws when it is used. */
export function noRedis(what: string): object {
  const refuse = (use: string): never => {
    throw new ConfigurationError(
      `RedisKitTestingModule has no Redis, so ${use} of ${what} cannot work. Start a real one with ` +
        `RedisServer.start(), or override ${what} with a double of your own: ` +
        'Test.createTestingModule(…).overrideProvider(…).',
    );
  };
  return new Proxy(Object.create(null) as object, {
    get: (_, name) =>
      typeof name === 'symbol' || PROBES.has(name) || name.startsWith('@@')
        ? undefined
        : refuse(`'${name}'`),
    set: (_, name) => refuse(`setting '${String(name)}'`),
  });
}
