import { hash } from 'node:crypto';
import type { HttpCacheOptions } from './http-cache.options.js';
import { cookiesOf, headerOf, type HttpCacheRequest } from './http-request.js';

/** Part of every digest: changes with the form of what is stored. */
const FORMAT = 1;

export interface RequestIdentity {
  /** Class and method, and what else decided that the request went there: version, host. */
  readonly handler: readonly unknown[];
  /** The path as it is declared, such as `/products/:id`. */
  readonly route: string;
  readonly user: string | undefined;
}

/**
 * The key under which a response is kept: the route in plain text, and a digest of all that tells requests apart.
 *
 * Never the address as it was sent: names that are not listed, their order and the spelling of the path would make one
 * page into as many as anybody likes. Never a header in plain text: keys are seen by whoever looks into Redis.
 * GET and HEAD share a key (RFC 9110 §9.3.2).
 */
export function requestKey(
  request: HttpCacheRequest,
  { handler, route, user }: RequestIdentity,
  { query, varyBy }: HttpCacheOptions,
): string {
  const cookies = varyBy?.cookies ? cookiesOf(request) : undefined;
  const parts = [
    FORMAT,
    handler,
    route,
    sorted(request.params),
    named(query, (name) => (request.query as Record<string, unknown> | undefined)?.[name]),
    named(
      varyBy?.headers?.map((name) => name.toLowerCase()),
      (name) => headerOf(request, name),
    ),
    named(varyBy?.cookies, (name) => cookies?.get(name)),
    varyBy?.value?.(request) ?? null,
    user ?? null,
  ];
  const shown = route.replace(/[^\w/:.*-]/g, '_').slice(0, 100);
  return `http:${shown}#${hash('sha256', JSON.stringify(parts), 'base64url')}`;
}

/** True when the address has a query, even one that says nothing. */
export const hasQuery = ({ url }: HttpCacheRequest): boolean => /\?./.test(url);

const sorted = (record: unknown): [string, unknown][] =>
  Object.entries(record ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));

/** Listed names with their values; absent is not the same as empty. */
const named = (names: readonly string[] | undefined, read: (name: string) => unknown) =>
  [...new Set(names)]
    .sort()
    .map((name) => [name, read(name)])
    .filter(([, value]) => value !== undefined);
