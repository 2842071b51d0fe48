import 'reflect-metadata';
import { toMs, type Duration } from '../../core/duration.js';
import { Is, IsDuration, IsFlag, IsOneOf, IsText } from '../../core/options/constraints.js';
import { Nested } from '../../core/options/nested.js';
import { validateOptions } from '../../core/options/validate-options.js';
import type { FromRequest } from './http-request.js';

const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const CACHEABLE_STATUSES = [200, 203, 204, 404, 410];

const isListOf = (check: (item: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(check);
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isFunction = (value: unknown): boolean => typeof value === 'function';
const isHeaderName = (value: unknown): boolean => isName(value) && HEADER_NAME.test(String(value));

/** What responses of one address differ by, besides path and query. */
export class HttpCacheVaryBy {
  /** Names of request headers, such as `accept-language`; they are named in `Vary`. */
  @Is('a list of header names', isListOf(isHeaderName))
  headers?: readonly string[] | undefined;

  /** Names of cookies. A request whose other cookies are all ignored ones is no longer bypassed. */
  @Is('a list of cookie names', isListOf(isName))
  cookies?: readonly string[] | undefined;

  /** Anything else responses differ by, such as the tenant. It does not say whose a response is: that is `user`. */
  @Is('a function of the request', isFunction)
  value?: FromRequest<string | undefined> | undefined;

  /**
   * Whose the response is, such as the id of a user. Every user gets entries of their own, and requests with
   * credentials are no longer bypassed. `undefined` means that nobody is signed in.
   */
  @Is('a function of the request', isFunction)
  user?: FromRequest<string | undefined> | undefined;
}

/** What clients and proxies are told in `Cache-Control` (RFC 9111 §5.2.2, RFC 5861). */
export class HttpCacheControl {
  /**
   * How long a client may use a response without asking, counted from when it was made. Invalidation does not reach it.
   * @default 0, sent as `no-cache`: clients keep it, and ask each time
   */
  @IsDuration()
  maxAge?: Duration | undefined;

  /** The same for shared caches (`s-maxage`). */
  @IsDuration()
  sharedMaxAge?: Duration | undefined;

  /** How long after that a response may be used while it is being refreshed. */
  @IsDuration()
  staleWhileRevalidate?: Duration | undefined;

  /** How long after that a response may be used when the origin fails. */
  @IsDuration()
  staleIfError?: Duration | undefined;

  /**
   * Whether shared caches may keep it. Responses that belong to a user are always `private`.
   * @default neither is said
   */
  @IsOneOf(['public', 'private'])
  scope?: 'public' | 'private' | undefined;
}

/** Options of `@HttpCache`; those of a method win over those of its class, one by one. */
export class HttpCacheOptions {
  /** How long a response is kept; default: the cache's `ttl`. A shorter `s-maxage` or `max-age` of the handler wins. */
  @IsDuration({ min: 1 })
  ttl?: Duration | undefined;

  /**
   * Name of the cache.
   * @default 'default'
   */
  @IsText()
  cache?: string | undefined;

  /**
   * Names of the query parameters that responses differ by. All others are ignored, so name every one that is read.
   * Without this option a request that has a query is not cached at all.
   */
  @Is('a list of names', isListOf(isName))
  query?: readonly string[] | undefined;

  /** What else responses differ by. */
  @Nested(() => HttpCacheVaryBy)
  varyBy?: HttpCacheVaryBy | undefined;

  /** Tags: templates over the parameters of the route (`'product:{id}'`, `'list:{query.sort}'`), or a function. */
  @Is(
    'a list of templates, or a function of the request',
    (value) => isFunction(value) || isListOf(isName)(value),
  )
  tags?: readonly string[] | FromRequest<readonly string[]> | undefined;

  /**
   * Statuses that are kept besides 200, each with its own time: 203, 204, 404 and 410; the latter two also when thrown.
   * @default none
   */
  @Is(
    'durations by status, one of 200, 203, 204, 404, 410',
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.entries(value).every(
        ([status, ttl]) => CACHEABLE_STATUSES.includes(Number(status)) && isDuration(ttl),
      ),
  )
  statuses?: Readonly<Record<number, Duration>> | undefined;

  /**
   * Response headers that are kept besides `Content-Type`, `Content-Language`, `Content-Disposition`, `Last-Modified`,
   * `Link`, `ETag`, `Cache-Control` and `Vary`. Never `Set-Cookie`.
   */
  @Is(
    'a list of header names, without set-cookie',
    isListOf((name) => isHeaderName(name) && String(name).toLowerCase() !== 'set-cookie'),
  )
  headers?: readonly string[] | undefined;

  /** Cookies that responses do not depend on, such as those of analytics: names, or expressions. */
  @Is(
    'a list of names and regular expressions',
    isListOf((item) => isName(item) || Object.prototype.toString.call(item) === '[object RegExp]'),
  )
  ignoreCookies?: readonly (string | RegExp)[] | undefined;

  /**
   * Everybody gets the same response, whoever they are: requests with `Authorization`, cookies, a session or a user are
   * answered from the cache, and their responses fill it.
   * @default false
   */
  @IsFlag()
  shared?: boolean | undefined;

  /** What clients and proxies may do with the response. A `Cache-Control` of the handler wins. */
  @Nested(() => HttpCacheControl)
  cacheControl?: HttpCacheControl | undefined;

  /**
   * The validator that is sent. `weak` where something changes the bytes afterwards, such as compression or an outer
   * interceptor.
   * @default 'strong'
   */
  @IsOneOf(['strong', 'weak', false])
  etag?: 'strong' | 'weak' | false | undefined;

  /**
   * Whether a request with `Cache-Control: no-cache` or `no-store` is answered by the handler. Anybody can send one.
   * @default false
   */
  @IsFlag()
  clientsMayReload?: boolean | undefined;
}

function isDuration(value: unknown): boolean {
  try {
    return toMs(value as Duration) >= 1;
  } catch {
    return false;
  }
}

const METADATA = Symbol('redis-kit:http-cache');

/** Checks the options of a decorator and leaves them on a class or a method. */
export function declareHttpCache(target: object, options: HttpCacheOptions | false): void {
  const checked = options && validateOptions(HttpCacheOptions, options, '@HttpCache()');
  Reflect.defineMetadata(METADATA, checked, target);
}

/** The options of a handler: those of its class under its own; false when it is excluded. */
export function httpCacheOptionsOf(handler: object, type: object): HttpCacheOptions | false {
  const own = Reflect.getMetadata(METADATA, handler) as HttpCacheOptions | false | undefined;
  const base = Reflect.getMetadata(METADATA, type) as HttpCacheOptions | false | undefined;
  if (own === false || (own === undefined && base === false)) return false;
  return { ...(base === false ? undefined : base), ...own };
}
