import type { ExecutionContext } from '@nestjs/common';
import { tagsOf } from '../cache-key.js';
import { CacheKeyError } from '../cache.errors.js';
import { tagSet } from '../tags.js';
import { writesItsOwnResponse } from './handler.js';
import { httpCacheOptionsOf, type HttpCacheOptions } from './http-cache.options.js';
import type { HttpCacheRequest } from './http-request.js';

/** What is known of a handler before any request. */
export interface RoutePlan {
  readonly options: HttpCacheOptions;
  /** undefined when one of them is none: empty or too long, as the parameter of a path can make it. */
  readonly tags: (request: HttpCacheRequest) => readonly string[] | undefined;
  /** Names of request headers that select among the responses of one address. */
  readonly vary: readonly string[];
}

type Handler = ReturnType<ExecutionContext['getHandler']>;

const plans = new WeakMap<object, Map<Handler, RoutePlan | undefined>>();

/** The plan of a handler; undefined when its responses are left alone. */
export function routePlan(context: ExecutionContext): RoutePlan | undefined {
  const [type, handler] = [context.getClass<object>(), context.getHandler()];
  const known = plans.get(type) ?? new Map<Handler, RoutePlan | undefined>();
  plans.set(type, known);
  if (!known.has(handler)) known.set(handler, plan(type, handler));
  return known.get(handler);
}

function plan(type: object, handler: Handler): RoutePlan | undefined {
  const options = httpCacheOptionsOf(handler, type);
  if (!options || writesItsOwnResponse(handler as () => unknown, type)) return undefined;
  const { varyBy, shared, tags } = options;
  const vary = [
    ...(varyBy?.headers ?? []),
    ...(varyBy?.cookies ? ['cookie'] : []),
    // Whoever has credentials is answered separately, and downstream caches must know.
    ...(shared ? [] : ['authorization', 'cookie']),
  ];
  return { options, tags: tagTemplates(tags, handler.name), vary };
}

/** Compiles templates over the parameters of the route, spelled like those of `@Cacheable`. */
function tagTemplates(tags: HttpCacheOptions['tags'], name: string): RoutePlan['tags'] {
  const make = typeof tags === 'function' ? tags : templates(tags, name);
  return (request) => {
    const made = make(request);
    try {
      tagSet(made);
      return made;
    } catch (error) {
      if (error instanceof CacheKeyError) return undefined;
      throw error;
    }
  };
}

function templates(
  tags: readonly string[] | undefined,
  name: string,
): (request: HttpCacheRequest) => readonly string[] {
  const positional = tags?.map((tag) =>
    tag.replace(/\{(query\.)?([^{}]+)\}/g, (_, query, member) => `{${query ? 1 : 0}.${member}}`),
  );
  const make = tagsOf(positional, (_params: unknown, _query: unknown) => undefined, name);
  return ({ params, query }) => make([params, query]);
}
