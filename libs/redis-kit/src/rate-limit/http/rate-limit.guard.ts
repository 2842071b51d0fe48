import {
  Injectable,
  Logger,
  type CanActivate,
  type ExecutionContext,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { answer } from './answer.js';
import { trustsEveryProxy } from './framework-trust.js';
import { RequestLimits } from './request-limits.js';

/** Applications that were told about it, once each. */
const warned = new WeakSet<object>();

/**
 * Counts calls and denies those above a limit: HTTP on Express and Fastify, GraphQL, WebSockets, messages.
 *
 * `@RateLimit()` binds it. Bound to all (`APP_GUARD`), it also applies the policies of `rateLimit.http`. A call that
 * passes several of these guards is counted once. A policy by user on a decorated handler waits until the other guards
 * have run, whatever their order.
 */
@Injectable()
export class RateLimitGuard implements CanActivate, OnApplicationBootstrap {
  constructor(
    private readonly limits: RequestLimits,
    private readonly host: HttpAdapterHost,
  ) {}

  onApplicationBootstrap(): void {
    const { httpAdapter } = this.host;
    if (this.limits.http.trackers.trustedProxies !== undefined || warned.has(this.limits)) return;
    if (!trustsEveryProxy(httpAdapter)) return;
    warned.add(this.limits);
    new Logger('RedisKit').warn(
      'The application believes any X-Forwarded-For (trust proxy: true), so every client chooses the address that it is ' +
        'counted by. Set rateLimit.http.trustedProxies, or trust the number or the addresses of your proxies.',
    );
  }

  /** @throws RateLimitExceededException, or the like of WebSockets and messages, when a policy denies the call */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    await answer(await this.limits.judge(context, 'guard'), this.limits.http.headers);
    return true;
  }
}
