import { UseGuards, UseInterceptors } from '@nestjs/common';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimitInterceptor } from './rate-limit.interceptor.js';
import { declareRateLimit, declareSkip } from './route-plan.js';
import type { RateLimitRouteOptions } from './route-policy.options.js';

/**
 * Limits how often a handler, or the handlers of a class together, may be called: HTTP, GraphQL, WebSockets, messages.
 *
 * Several may stand on one place. The policies of a method replace those of the same name of its class, and these those of
 * the application. Each call is counted once, however many guards it passes. It binds `RateLimitGuard`, so it is no
 * silent no-op, and an application without `RedisKitModule` does not boot.
 *
 * @throws ConfigurationError when the class is loaded, naming each wrong option.
 */
export function RateLimit(options: RateLimitRouteOptions): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const where = descriptor
      ? `${target.constructor.name}.${String(property)}()`
      : (target as { name: string }).name;
    declareRateLimit(descriptor ? (descriptor.value as object) : target, options, where);
    for (const bind of [UseGuards(RateLimitGuard), UseInterceptors(RateLimitInterceptor)]) {
      if (descriptor) bind(target, property!, descriptor);
      else bind(target as never);
    }
  };
}

/**
 * Takes a handler or a class out of the policies around it: those with these names, or all. Policies declared on the
 * same place stay.
 */
export function SkipRateLimit(...names: string[]): ClassDecorator & MethodDecorator {
  return (target: object, _property?: string | symbol, descriptor?: PropertyDescriptor): void => {
    declareSkip(descriptor ? (descriptor.value as object) : target, names);
  };
}
