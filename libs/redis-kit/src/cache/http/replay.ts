import { GoneException, HttpException, NotFoundException } from '@nestjs/common';
import { formatCacheControl } from './cache-control.js';
import { matchesEtag } from './etag.js';
import type { HttpExchange } from './http-exchange.js';
import { headerOf } from './http-request.js';
import type { RoutePlan } from './route-plan.js';
import type { StoredResponse } from './stored-response.js';
import { addToVary } from './vary.js';

/** How a response came about; `made`: by the handler, and Redis did not take it. */
export type Outcome = 'hit' | 'collapsed' | 'stored' | 'made';

/**
 * Sets what is told about a response: `Cache-Status` (RFC 9211), `Age` (RFC 9111 §5.1), `ETag`, `Cache-Control`, `Vary`.
 */
export function describe(
  exchange: HttpExchange,
  { options, vary }: RoutePlan,
  stored: StoredResponse,
  { outcome, user }: { readonly outcome: Outcome; readonly user: string | undefined },
): void {
  const ageMs = Math.max(0, Date.now() - stored.madeAt);
  const kept = new Map(stored.headers);
  exchange.setHeader('Cache-Status', `RedisKit; ${statusOf(outcome, stored.ttlMs - ageMs)}`);
  if (outcome === 'hit') exchange.setHeader('Age', String(Math.floor(ageMs / 1_000)));
  exchange.setHeader('ETag', stored.etag);
  const isTold = (name: string) => vary.includes(name) && headerOf(exchange.request, name);
  const isPersonal =
    user !== undefined || (!options.shared && Boolean(isTold('authorization') || isTold('cookie')));
  exchange.setHeader(
    'Cache-Control',
    kept.get('cache-control') ?? formatCacheControl(options.cacheControl, isPersonal),
  );
  const names = [...vary, ...(kept.get('vary')?.split(', ') ?? [])];
  exchange.setHeader('Vary', addToVary(exchange.header('vary'), names));
}

function statusOf(outcome: Outcome, leftMs: number): string {
  if (outcome === 'hit') return `hit; ttl=${Math.max(0, Math.floor(leftMs / 1_000))}`;
  return outcome === 'made' ? 'fwd=miss' : `fwd=miss; ${outcome}`;
}

/** Answers 304 when the client has this version (RFC 9110 §13.2.2 and §15.4.5); a 404 is never "not modified". */
export function isNotModified(exchange: HttpExchange, stored: StoredResponse): boolean {
  const isSuccess = stored.status >= 200 && stored.status < 300;
  if (!isSuccess || !matchesEtag(headerOf(exchange.request, 'if-none-match'), stored.etag)) {
    return false;
  }
  exchange.status = 304;
  return true;
}

/**
 * Sets status and headers of a kept response and returns its body, for the interceptors and the serialization that
 * follow.
 *
 * @throws HttpException when the handler had thrown one.
 */
export function replay(exchange: HttpExchange, stored: StoredResponse): unknown {
  for (const [name, value] of stored.headers) {
    if (name !== 'vary' && name !== 'cache-control' && name !== 'etag') {
      exchange.setHeader(name, value);
    }
  }
  if (stored.thrown) throw exceptionOf(stored);
  exchange.status = stored.status;
  switch (stored.kind) {
    case 'none':
      return undefined;
    case 'text':
      return stored.text;
    case 'json':
      return JSON.parse(stored.text) as unknown;
  }
}

function exceptionOf({ status, kind, text }: StoredResponse): HttpException {
  // A plain text has to stay one: the classes of Nest make an object of it.
  if (kind === 'text') return new HttpException(text, status);
  const body = JSON.parse(text) as object;
  return status === 404 ? new NotFoundException(body) : new GoneException(body);
}
