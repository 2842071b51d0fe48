import {
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { CacheOptions } from './cache/cache.options.js';
import { Caches, getCacheToken } from './cache/caches.js';
import { getRedisToken } from './core/connections/inject-redis.decorator.js';
import { RedisConnections } from './core/connections/redis-connections.js';
import { RedisKitEvents } from './core/events.js';
import { Lifecycle } from './core/lifecycle.js';
import { validateOptions } from './core/options/validate-options.js';
import { ConfigurationError } from './core/redis-kit.error.js';
import {
  resolveRedisKitOptions,
  type RedisKitOptions,
  type ResolvedRedisKitOptions,
} from './redis-kit.options.js';
import { FEATURES } from './redis-kit.features.js';
import { cacheProviders, FOUNDATION, RESOLVED_OPTIONS, tokenOf } from './redis-kit.providers.js';

/** Makes the options, for `useClass` and `useExisting`. */
export interface RedisKitOptionsFactory {
  createRedisKitOptions(): RedisKitOptions | Promise<RedisKitOptions>;
}

/**
 * Options of `forRootAsync`. The names must be known before the factory runs, because they become injection tokens.
 */
export interface RedisKitAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Names of the connections besides `default` that can be injected. */
  readonly connectionNames?: readonly string[];
  /** Names of the caches besides `default` that can be injected. */
  readonly cacheNames?: readonly string[];
  /** @default true */
  readonly isGlobal?: boolean;
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory?: (...args: never[]) => RedisKitOptions | Promise<RedisKitOptions>;
  readonly useClass?: Type<RedisKitOptionsFactory>;
  readonly useExisting?: Type<RedisKitOptionsFactory>;
}

/** Options of `forFeature`: what belongs to one module of the application. */
export interface RedisKitFeatureOptions {
  /** Caches of this module, by name. */
  readonly caches: Record<string, CacheOptions>;
}

/**
 * Everything an application uses Redis for. Import it once, with `forRoot()` or `forRootAsync()`.
 */
@Module({})
export class RedisKitModule {
  /**
   * Sets the suite up. Without options it uses `REDIS_URL`, or `redis://localhost:6379`.
   *
   * @throws ConfigurationError at boot, listing every wrong option.
   */
  static forRoot(options: RedisKitOptions = {}): DynamicModule {
    const resolved = resolveRedisKitOptions(options);
    return rootModule(
      { providers: [{ provide: RESOLVED_OPTIONS, useValue: resolved }] },
      [...resolved.connections.keys()],
      [...resolved.caches.keys()],
      options.isGlobal,
    );
  }

  /** The same with options from a factory, such as one that reads a configuration service. */
  static forRootAsync(options: RedisKitAsyncOptions): DynamicModule {
    const connectionNames = ['default', ...(options.connectionNames ?? [])];
    const cacheNames = ['default', ...(options.cacheNames ?? [])];
    const { factory, inject, providers } = optionsFactory(options);
    const provider: FactoryProvider<ResolvedRedisKitOptions> = {
      provide: RESOLVED_OPTIONS,
      inject,
      useFactory: async (...args: unknown[]) => {
        const made = await factory(...(args as never[]));
        const named = <T extends object>(names: readonly string[], given: Record<string, T> = {}) =>
          Object.fromEntries([...names.map((name) => [name, {}]), ...Object.entries(given)]);
        const resolved = resolveRedisKitOptions({
          ...made,
          connections: named(connectionNames, made.connections),
          caches: named(cacheNames, made.caches),
        });
        assertDeclared('connectionNames', connectionNames, resolved.connections.keys());
        assertDeclared('cacheNames', cacheNames, resolved.caches.keys());
        return resolved;
      },
    };
    return rootModule(
      { imports: options.imports ?? [], providers: [...providers, provider] },
      connectionNames,
      cacheNames,
      options.isGlobal,
    );
  }

  /** Adds caches that belong to one module. Needs `forRoot()` in the application. */
  static forFeature(options: RedisKitFeatureOptions): DynamicModule {
    const providers = Object.entries(options.caches).map(([name, cache]): Provider => {
      const validated = validateOptions(CacheOptions, cache, `forFeature().caches.${name}`);
      return {
        provide: getCacheToken(name),
        inject: [Caches],
        useFactory: (caches: Caches) => caches.create(name, validated),
      };
    });
    return { module: RedisKitFeatureModule, providers, exports: providers.map(tokenOf) };
  }
}

/** Holder of the providers that `forFeature` makes. */
@Module({})
class RedisKitFeatureModule {}

/**
 * What everything else is made of. Always global, so that `forFeature`, health and interceptors find it wherever they
 * are; `isGlobal` is about what applications inject by name.
 */
@Module({})
class RedisKitCoreModule {}

/** The modules and providers that make the options. */
interface OptionsSource extends Pick<ModuleMetadata, 'imports'> {
  readonly providers: Provider[];
}

function rootModule(
  { imports = [], providers }: OptionsSource,
  connectionNames: readonly string[],
  cacheNames: readonly string[],
  isGlobal = true,
): DynamicModule {
  const shared: Provider[] = [
    ...FOUNDATION,
    {
      provide: RedisConnections,
      inject: [RESOLVED_OPTIONS, RedisKitEvents],
      useFactory: (resolved: ResolvedRedisKitOptions, events: RedisKitEvents) =>
        new RedisConnections(resolved, events),
    },
    {
      provide: Lifecycle,
      inject: [RESOLVED_OPTIONS, RedisConnections, ModulesContainer],
      useFactory: (
        { shutdownTimeoutMs }: ResolvedRedisKitOptions,
        connections: RedisConnections,
        modules: ModulesContainer,
      ) => {
        assertRegisteredOnce(modules);
        return new Lifecycle(connections, shutdownTimeoutMs);
      },
    },
    ...FEATURES,
  ];
  const named: Provider[] = [
    ...connectionNames.map((name) => ({
      provide: getRedisToken(name),
      inject: [RedisConnections],
      useFactory: (connections: RedisConnections) => connections.get(name).command,
    })),
    ...cacheProviders(cacheNames),
  ];
  const core: DynamicModule = {
    module: RedisKitCoreModule,
    global: true,
    imports,
    providers: [...providers, ...shared],
    exports: [RESOLVED_OPTIONS, ...shared.map(tokenOf)],
  };
  return {
    module: RedisKitModule,
    global: isGlobal,
    imports: [core],
    providers: named,
    exports: [core, ...named.map(tokenOf)],
  };
}

function optionsFactory(options: RedisKitAsyncOptions): {
  factory: (...args: never[]) => RedisKitOptions | Promise<RedisKitOptions>;
  inject: NonNullable<FactoryProvider['inject']>;
  providers: Provider[];
} {
  if (options.useFactory) {
    return { factory: options.useFactory, inject: options.inject ?? [], providers: [] };
  }
  const type = options.useClass ?? options.useExisting;
  if (!type) {
    throw new ConfigurationError('forRootAsync() needs useFactory, useClass or useExisting.');
  }
  return {
    factory: (maker: RedisKitOptionsFactory) => maker.createRedisKitOptions(),
    inject: [type],
    providers: options.useClass ? [type] : [],
  };
}

function assertDeclared(
  option: 'connectionNames' | 'cacheNames',
  declared: readonly string[],
  made: Iterable<string>,
): void {
  const missing = [...made].filter((name) => !declared.includes(name));
  if (missing.length > 0) {
    throw new ConfigurationError(
      `The factory of forRootAsync() made ${missing.map((name) => `'${name}'`).join(', ')}; ` +
        `add ${missing.length > 1 ? 'them' : 'it'} to forRootAsync({ ${option}: [...] }), so that they can be injected.`,
    );
  }
}

function assertRegisteredOnce(modules: ModulesContainer): void {
  const roots = [...modules.values()].filter(({ metatype }) => metatype === RedisKitModule);
  if (roots.length > 1) {
    throw new ConfigurationError(
      `RedisKitModule is set up ${roots.length} times in this application. Call forRoot() once, in the root module; ` +
        'other modules use the same providers, or forFeature() for caches of their own.',
    );
  }
}
