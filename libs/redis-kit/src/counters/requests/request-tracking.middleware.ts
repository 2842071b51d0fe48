import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { RequestLog } from './request-log.js';

/** The route of a request of Fastify, whose middleware sees the raw request only. */
const ROUTE = Symbol('redis-kit:route');

interface RoutedRequest extends IncomingMessage {
  [ROUTE]?: string | undefined;
  /** Left by Express, when a route has matched. */
  readonly route?: { readonly path?: unknown };
  readonly baseUrl?: unknown;
}

interface FastifyHooks {
  addHook(
    name: 'onRequest',
    hook: (
      request: { raw: RoutedRequest; routeOptions?: { url?: string | undefined } },
      reply: unknown,
      done: () => void,
    ) => void,
  ): void;
}

const hooked = new WeakSet<object>();
const tracked = new WeakSet<IncomingMessage>();

/**
 * Counts requests by method, route as it is declared, class of the status and duration, on Express and Fastify; read them
 * with `RequestStats`. It never delays or fails a response: it counts after the response, in memory, and what was counted
 * is sent in the background.
 *
 * @example
 * consumer.apply(RequestTrackingMiddleware).forRoutes('{*path}');
 */
@Injectable()
export class RequestTrackingMiddleware implements NestMiddleware<RoutedRequest, ServerResponse> {
  constructor(
    @Inject(RequestLog) private readonly log: RequestLog,
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
  ) {
    if (httpAdapter?.getType() !== 'fastify') return;
    const fastify = httpAdapter.getInstance<FastifyHooks>();
    if (hooked.has(fastify)) return;
    hooked.add(fastify);
    fastify.addHook('onRequest', (request, _reply, done) => {
      request.raw[ROUTE] = request.routeOptions?.url;
      done();
    });
  }

  use(request: RoutedRequest, response: ServerResponse, next: () => void): void {
    // Applied in two modules, a request would count twice.
    if (!tracked.has(request)) {
      tracked.add(request);
      const startedAt = performance.now();
      response.once('close', () =>
        this.log.record({
          method: request.method ?? '',
          route: routeOf(request),
          status: response.writableFinished ? response.statusCode : undefined,
          durationMs: performance.now() - startedAt,
        }),
      );
    }
    next();
  }
}

/** The path as it is declared; the address as it was sent has no bound. */
function routeOf(request: RoutedRequest): string | undefined {
  const { route, baseUrl } = request;
  if (route?.path !== undefined)
    return `${typeof baseUrl === 'string' ? baseUrl : ''}${String(route.path)}`;
  return request[ROUTE];
}
