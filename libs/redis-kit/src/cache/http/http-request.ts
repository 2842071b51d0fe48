/** What Express and Fastify requests have in common, as far as caching looks at it. */
export interface HttpCacheRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly params?: unknown;
  readonly query?: unknown;
  /** Left by a guard. */
  readonly user?: unknown;
  /** Left by the middleware of a session. */
  readonly session?: unknown;
}

/** A function of the request; its parameter may be declared as the platform's own type. */
export type FromRequest<T> = { of(request: HttpCacheRequest): T }['of'];

/** One header as text; repeated ones are joined as lists are (RFC 9110 §5.3). */
export function headerOf(request: HttpCacheRequest, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The cookies of a request, as they were sent: each name with its values. */
export function cookiesOf(request: HttpCacheRequest): Map<string, string[]> {
  const cookies = new Map<string, string[]>();
  for (const pair of (headerOf(request, 'cookie') ?? '').split(/[;,]/)) {
    const text = pair.trim();
    if (text === '') continue;
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at).trimEnd();
    cookies.set(name, [...(cookies.get(name) ?? []), at < 0 ? '' : text.slice(at + 1)]);
  }
  return cookies;
}
