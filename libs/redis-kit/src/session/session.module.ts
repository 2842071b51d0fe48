import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type MiddlewareConsumer,
  type ModuleMetadata,
  type NestModule,
  type Provider,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RedisConnections } from '../core/connections/redis-connections.js';
import { RedisKitEvents } from '../core/events.js';
import { KeySpace } from '../core/key-space.js';
import { MemoryAdvice } from '../core/memory-advice.js';
import { WITHOUT_REDIS } from '../core/without-redis.js';
import { expressSession } from './express-session.middleware.js';
import { installFastifySession } from './fastify-session.middleware.js';
import { FreshAuthGuard } from './fresh-auth.guard.js';
import { RedisSessionStore } from './redis-session.store.js';
import { SessionIds } from './session-id.js';
import { SessionGuard } from './session.guard.js';
import {
  resolveSessionOptions,
  type ResolvedSessionOptions,
  type SessionModuleOptions,
} from './session.options.js';
import { SessionService } from './session.service.js';
import { Sessions } from './sessions.js';
import { MemorySessionVault } from './stores/memory-session.vault.js';
import { RedisSessionVault } from './stores/redis-session.vault.js';

const OPTIONS = Symbol('redis-kit:session-options');
const ADVICE = Symbol('redis-kit:session-memory-advice');

/** Options of `SessionModule.forRootAsync()`. */
export interface SessionModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** @default true */
  readonly isGlobal?: boolean;
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (...args: never[]) => SessionModuleOptions | Promise<SessionModuleOptions>;
}

/**
 * Sessions for all routes of an application, on Express through express-session and on Fastify through @fastify/session.
 * Needs `RedisKitModule` in the application.
 */
@Module({})
export class SessionModule implements NestModule {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly store: RedisSessionStore,
    private readonly sessions: Sessions,
    @Inject(OPTIONS) private readonly options: ResolvedSessionOptions,
  ) {}

  /** @throws ConfigurationError listing every wrong option. */
  static forRoot(options: SessionModuleOptions): DynamicModule {
    const resolved = resolveSessionOptions(options);
    return definition({ provide: OPTIONS, useValue: resolved }, options.isGlobal);
  }

  /** The same with options from a factory, such as one that reads the secret from a vault. */
  static forRootAsync(options: SessionModuleAsyncOptions): DynamicModule {
    const { imports = [], inject = [], isGlobal, useFactory } = options;
    const provider: FactoryProvider<ResolvedSessionOptions> = {
      provide: OPTIONS,
      inject,
      useFactory: async (...args: unknown[]) =>
        resolveSessionOptions(
          await useFactory(...(args as never[])),
          'SessionModule.forRootAsync()',
        ),
    };
    return { ...definition(provider, isGlobal), imports };
  }

  async configure(consumer: MiddlewareConsumer): Promise<void> {
    const { httpAdapter } = this.host;
    // An application without HTTP uses the service alone.
    if (!httpAdapter) return;
    if (httpAdapter.getType() === 'fastify') {
      await installFastifySession(httpAdapter.getInstance(), this.store, this.sessions);
      return;
    }
    consumer
      .apply(expressSession(this.store, this.sessions))
      .exclude(...this.options.exclude)
      .forRoutes('{*path}');
  }
}

function definition(options: Provider, isGlobal = true): DynamicModule {
  const exported: Provider[] = [
    {
      provide: Sessions,
      inject: [
        OPTIONS,
        RedisConnections,
        KeySpace,
        RedisKitEvents,
        { token: WITHOUT_REDIS, optional: true },
      ],
      useFactory: createSessions,
    },
    {
      provide: RedisSessionStore,
      inject: [Sessions, RedisKitEvents],
      useFactory: (sessions: Sessions, events: RedisKitEvents) =>
        new RedisSessionStore(sessions, events),
    },
    {
      provide: SessionService,
      inject: [Sessions, RedisKitEvents],
      useFactory: (sessions: Sessions, events: RedisKitEvents) =>
        new SessionService(sessions, events),
    },
    SessionGuard,
    FreshAuthGuard,
  ];
  const advice: Provider = {
    provide: ADVICE,
    inject: [OPTIONS, RedisConnections, { token: WITHOUT_REDIS, optional: true }],
    useFactory: (
      { connection }: ResolvedSessionOptions,
      connections: RedisConnections,
      isWithoutRedis?: true,
    ) =>
      new MemoryAdvice(
        isWithoutRedis
          ? []
          : [{ connection: connections.get(connection), precious: ['sessions'], hasCaches: false }],
      ),
  };
  return {
    module: SessionModule,
    global: isGlobal,
    providers: [options, ...exported, advice],
    exports: exported.map((provider) =>
      typeof provider === 'function' ? provider : provider.provide,
    ),
  };
}

function createSessions(
  options: ResolvedSessionOptions,
  connections: RedisConnections,
  keySpace: KeySpace,
  events: RedisKitEvents,
  isWithoutRedis?: true,
): Sessions {
  const { connection, deadlineMs, retryAfterMs, secrets, tagKey } = options;
  const vault = isWithoutRedis
    ? new MemorySessionVault()
    : new RedisSessionVault({
        connection: connections.get(connection),
        ...{ keySpace, events, deadlineMs, retryAfterMs },
      });
  const ids = new SessionIds(tagKey ?? keySpace.namespace, secrets[0]!);
  return new Sessions({ vault, ids, options, events });
}
