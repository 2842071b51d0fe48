import {
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type HttpException,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LRUCache } from 'lru-cache';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { RedisKitEvents } from '../../core/events.js';
import { redactKey } from '../../core/redact.js';
import { ScopedContext } from '../../core/scoped-context.js';
import type { CacheService } from '../cache.service.js';
import { Caches } from '../caches.js';
import type { FactoryContext } from '../factory-runs.js';
import { handlerIdentity, routeOf } from './handler.js';
import { HttpExchange } from './http-exchange.js';
import { bypassReason, unsharedCredential, userOf, wantsReload } from './personal.js';
import { describe, isNotModified, replay } from './replay.js';
import { requestKey } from './request-key.js';
import { routePlan, type RoutePlan } from './route-plan.js';
import { judge, type Declined, type StoredResponse, type Verdict } from './stored-response.js';
import { parseVary } from './vary.js';

/** How long a page that could not be kept is not tried again: its callers would wait for each other in vain. */
const NOT_KEPT_MS = 10_000;
const MOST_NOT_KEPT = 1_000;

/** Requests that an interceptor has taken up; it may be bound globally and by `@HttpCache` at once. */
const taken = new WeakSet<object>();

/** The handler answered, and the answer belongs to one request only. */
class NotKept extends Error {}

/** What the handler did for this request. */
interface Own {
  readonly verdict: Verdict;
  readonly deliver: () => unknown;
}

interface Visit {
  readonly plan: RoutePlan;
  readonly exchange: HttpExchange;
  readonly context: ExecutionContext;
  readonly next: CallHandler;
  readonly cache: CacheService;
  readonly key: string;
  readonly tags: readonly string[];
  readonly user: string | undefined;
}

/**
 * Answers GET and HEAD requests from the cache, on Express and Fastify, as a cache of the origin (RFC 9111).
 *
 * What is kept is the value that reaches this interceptor: interceptors bound before it (outside) run on every request,
 * those bound after it, pipes and the handler on a miss only. Guards always run. One handler
 * runs for all concurrent requests of a key; what it throws they all get. Without Redis the handler answers.
 *
 * Not promised: that responses differ where `query` and `varyBy` do not say so.
 */
@Injectable()
export class HttpCacheInterceptor implements NestInterceptor {
  readonly #logger = new Logger('RedisKit');
  readonly #host: HttpAdapterHost;
  readonly #caches: Caches;
  readonly #advised = new WeakSet<object>();
  readonly #notKept = new LRUCache<string, true>({ max: MOST_NOT_KEPT, ttl: NOT_KEPT_MS });
  /** What the cache tells about the call in progress. */
  readonly #calls = new ScopedContext<{ readonly key: string; isStored: boolean }>();

  constructor(host: HttpAdapterHost, caches: Caches, events: RedisKitEvents) {
    this.#host = host;
    this.#caches = caches;
    events.on('cache.miss', ({ key, reason }) => {
      const call = this.#calls.get();
      if (call?.key === key && reason === 'unavailable') call.isStored = false;
    });
    events.on('cache.error', ({ key }) => {
      const call = this.#calls.get();
      if (call && redactKey(call.key) === key) call.isStored = false;
    });
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() !== 'http') return next.handle();
    const exchange = new HttpExchange(context, this.#host);
    const { request } = exchange;
    const plan = routePlan(context);
    if (!plan || !['GET', 'HEAD'].includes(request.method) || taken.has(request)) {
      return next.handle();
    }
    taken.add(request);
    const user = userOf(request, plan.options);
    const tags = plan.tags(request);
    const reason = bypassReason(request, plan.options, user) ?? (tags ? undefined : 'tag');
    if (reason || !tags) {
      exchange.setHeader('Cache-Status', `RedisKit; fwd=bypass; detail=${reason}`);
      return next.handle();
    }
    const identity = { handler: handlerIdentity(context), route: routeOf(request), user };
    const key = requestKey(request, identity, plan.options);
    const cache = this.#caches.get(plan.options.cache);
    return of(await this.#respond({ plan, exchange, context, next, cache, key, tags, user }));
  }

  async #respond(visit: Visit): Promise<unknown> {
    const { exchange, plan, cache, key, user } = visit;
    const call = { key, isStored: true };
    const startedAt = Date.now();
    // Set when the handler ran for this request, rather than for one it shares the response of.
    let own: Own | undefined;
    const run = async (): Promise<StoredResponse> => {
      own = await this.#run(visit);
      if (!own.verdict.stored) throw new NotKept();
      return own.verdict.stored;
    };
    try {
      if (this.#notKept.has(key)) throw new NotKept();
      if (wantsReload(exchange.request, plan.options)) await cache.delete(key).catch(() => false);
      const stored = await this.#calls.run(call, () => this.#obtain(visit, run));
      const isCollapsed = stored.madeAt >= startedAt;
      const outcome = own ? (call.isStored ? 'stored' : 'made') : isCollapsed ? 'collapsed' : 'hit';
      describe(exchange, plan, stored, { outcome, user });
      if (isNotModified(exchange, stored)) return undefined;
      return own ? own.deliver() : replay(exchange, stored);
    } catch (error) {
      if (!(error instanceof NotKept)) throw error;
    }
    // What the handler made for another request is not for this one.
    own ??= await this.#run(visit);
    const { verdict } = own;
    if (verdict.stored) describe(exchange, plan, verdict.stored, { outcome: 'made', user });
    else this.#decline(visit, verdict);
    return own.deliver();
  }

  #obtain(
    { cache, key, tags, plan }: Visit,
    run: () => Promise<StoredResponse>,
  ): Promise<StoredResponse> {
    const make = async ({ setTtl }: FactoryContext<StoredResponse>) => {
      const stored = await run();
      // A status may have a time of its own. Redis counts it: clocks of processes differ.
      setTtl(stored.ttlMs);
      return stored;
    };
    return cache.getOrSet(key, make, { ttl: plan.options.ttl, tags });
  }

  /** Runs the handler, and decides whether others may have its answer. */
  async #run({ exchange, plan, cache, next, user }: Visit): Promise<Own> {
    const { request, header } = exchange;
    const { options } = plan;
    const earlierVary = parseVary(header('vary'));
    let status: number;
    let body: unknown;
    let deliver: () => unknown;
    let thrown = false;
    try {
      const value: unknown = await lastValueFrom(next.handle());
      [status, body, deliver] = [exchange.status, value, () => value];
    } catch (error) {
      const kept = keptException(error, options.statuses);
      if (!kept) throw error;
      [status, body, thrown] = [kept.getStatus(), kept.getResponse(), true];
      deliver = () => {
        throw error;
      };
    }
    // The handler may have signed somebody in, or have written the response itself.
    const credential = unsharedCredential(request, options, user);
    if (credential) return { verdict: { reason: credential }, deliver };
    if (exchange.isSent) return { verdict: { reason: 'sent' }, deliver };
    const answer = { status, body, thrown, header, earlierVary };
    return { verdict: judge(answer, request, options, cache.ttlMs), deliver };
  }

  #decline({ exchange, key, context }: Visit, { reason, advice }: Declined): void {
    if (!exchange.isSent)
      exchange.setHeader('Cache-Status', `RedisKit; fwd=miss; detail=${reason}`);
    // Not renewed by those who pass by meanwhile: the page is tried again when the time is over.
    if (reason !== 'status' && !this.#notKept.has(key)) this.#notKept.set(key, true);
    const handler = context.getHandler();
    if (!advice || this.#advised.has(handler)) return;
    this.#advised.add(handler);
    const name = `${context.getClass().name}.${handler.name}()`;
    this.#logger.warn(`The responses of ${name} are not cached: it ${advice}.`);
  }
}

/** Exceptions whose status is kept: not found, and gone. Told by their form: a package may bring its own copy of Nest. */
function keptException(error: unknown, statuses: object | undefined): HttpException | undefined {
  const { getStatus, getResponse } = (error ?? {}) as Partial<HttpException>;
  if (typeof getStatus !== 'function' || typeof getResponse !== 'function') return undefined;
  const exception = error as HttpException;
  const status = exception.getStatus();
  return [404, 410].includes(status) && status in (statuses ?? {}) ? exception : undefined;
}
