import { toMs } from '../../core/duration.js';
import type { HttpCacheControl } from './http-cache.options.js';

/** The directives of a `Cache-Control` field by their small-letter names (RFC 9111 §5.2). */
export function parseCacheControl(field: string | undefined): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  const pattern = /([^\s,=;]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g;
  for (const [, name, quoted, token] of (field ?? '').matchAll(pattern)) {
    directives.set(name!.toLowerCase(), quoted ?? token ?? '');
  }
  return directives;
}

/** True when a response says that it is not to be kept, or is to be checked each time (RFC 9111 §5.2.2). */
export function forbidsStoring(directives: ReadonlyMap<string, string>): boolean {
  return ['no-store', 'private', 'no-cache'].some((name) => directives.has(name));
}

/** How long a response says it is fresh, for a shared cache; a value that is no number counts as zero. */
export function freshnessMs(directives: ReadonlyMap<string, string>): number | undefined {
  const seconds = directives.get('s-maxage') ?? directives.get('max-age');
  if (seconds === undefined) return undefined;
  return /^\d+$/.test(seconds) ? Number(seconds) * 1_000 : 0;
}

/** `Cache-Control` as it is sent. Without a time clients may keep the response, and ask each time. */
export function formatCacheControl(options: HttpCacheControl = {}, isPersonal: boolean): string {
  const scope = isPersonal ? 'private' : options.scope;
  const directives: string[] = scope ? [scope] : [];
  const add = (name: string, value: HttpCacheControl['maxAge']) => {
    if (value !== undefined) directives.push(`${name}=${Math.floor(toMs(value) / 1_000)}`);
  };
  const maxAge = toMs(options.maxAge ?? 0);
  if (maxAge === 0 && (isPersonal || options.sharedMaxAge === undefined)) {
    return [...directives, 'no-cache'].join(', ');
  }
  add('max-age', maxAge);
  if (scope !== 'private') add('s-maxage', options.sharedMaxAge);
  add('stale-while-revalidate', options.staleWhileRevalidate);
  add('stale-if-error', options.staleIfError);
  return directives.join(', ');
}
