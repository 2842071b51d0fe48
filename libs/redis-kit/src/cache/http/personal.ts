import type { HttpCacheOptions } from './http-cache.options.js';
import { parseCacheControl } from './cache-control.js';
import { cookiesOf, headerOf, type HttpCacheRequest } from './http-request.js';
import { hasQuery } from './request-key.js';

/** What in a request says that its response may belong to one user. */
export type Credential = 'authorization' | 'cookie' | 'session' | 'user';

/**
 * The credential for which a response must not be shared; undefined when there is none, or the key tells users apart.
 *
 * RFC 9111 §3.5 asks this of shared caches for `Authorization`. Cookies, sessions and what a guard left in
 * `request.user` make responses just as personal.
 */
export function unsharedCredential(
  request: HttpCacheRequest,
  options: HttpCacheOptions,
  user: string | undefined,
): Credential | undefined {
  if (options.shared || user !== undefined) return undefined;
  const varied = new Set(options.varyBy?.headers?.map((name) => name.toLowerCase()));
  const isTold = (header: string) => varied.has(header) && headerOf(request, header) !== undefined;

  if (headerOf(request, 'authorization') && !varied.has('authorization')) return 'authorization';
  if (!varied.has('cookie') && hasUnknownCookie(request, options)) return 'cookie';
  // Who is told by what the key holds has entries of their own.
  if (isTold('authorization') || isTold('cookie')) return undefined;
  if (hasSession(request)) return 'session';
  return request.user === undefined || request.user === null ? undefined : 'user';
}

function hasUnknownCookie(request: HttpCacheRequest, options: HttpCacheOptions): boolean {
  const known = [...(options.varyBy?.cookies ?? []), ...(options.ignoreCookies ?? [])];
  return [...cookiesOf(request).keys()].some(
    (name) =>
      !known.some((item) => (typeof item === 'string' ? item === name : matches(item, name))),
  );
}

// Not `test`: an expression with the flag g or y would remember where it stopped.
const matches = (expression: RegExp, name: string): boolean => name.search(expression) >= 0;

/** True when there is something in the session; its middleware gives an empty one to every guest. */
export function hasSession({ session }: HttpCacheRequest): boolean {
  if (session === undefined || session === null) return false;
  if (typeof session !== 'object') return true;
  const read = (session as { data?: unknown }).data;
  const content: unknown = typeof read === 'function' ? read.call(session) : session;
  return Object.keys(content ?? {}).some((name) => name !== 'cookie');
}

/** Whose the response is, as `varyBy.user` says; undefined for nobody. */
export const userOf = (
  request: HttpCacheRequest,
  { varyBy }: HttpCacheOptions,
): string | undefined => varyBy?.user?.(request) || undefined;

/** Why a request is answered by the handler without the cache; undefined when it is not. */
export function bypassReason(
  request: HttpCacheRequest,
  options: HttpCacheOptions,
  user: string | undefined,
): Credential | 'query' | 'request' | undefined {
  const credential = unsharedCredential(request, options, user);
  if (credential) return credential;
  if (options.query === undefined && hasQuery(request)) return 'query';
  return options.clientsMayReload && requestDirectives(request).has('no-store')
    ? 'request'
    : undefined;
}

/** True for a request that wants a new response, where clients may. */
export const wantsReload = (
  request: HttpCacheRequest,
  { clientsMayReload }: HttpCacheOptions,
): boolean => clientsMayReload === true && requestDirectives(request).has('no-cache');

const requestDirectives = (request: HttpCacheRequest) =>
  parseCacheControl(headerOf(request, 'cache-control'));
