import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import type { HttpCacheRequest } from './http-request.js';

type Handler = (...args: never[]) => unknown;

/**
 * What Nest's decorators leave on a handler. The names are Nest's own and have no public export; handler.spec.ts holds
 * them against the decorators.
 */
const ROUTE_ARGUMENTS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';
const WRITES_OTHERWISE = ['__renderTemplate__', '__sse__', '__redirect__'];
const VERSION = '__version__';
const HOST = 'host';
/** `@Res()` and `@Next()` among the kinds of route arguments. */
const RESPONSE = 1;
const NEXT = 2;

/**
 * True for handlers whose responses are not made from what they return: `@Res()` and `@Next()` without `passthrough`,
 * `@Render`, `@Sse`, `@Redirect`.
 */
export function writesItsOwnResponse(handler: Handler, type: object): boolean {
  if (WRITES_OTHERWISE.some((name) => Reflect.getMetadata(name, handler) !== undefined))
    return true;
  const declared = (Reflect.getMetadata(ROUTE_ARGUMENTS, type, handler.name) ?? {}) as object;
  const takesResponse = Object.keys(declared).some((argument) =>
    [RESPONSE, NEXT].includes(Number(argument.split(':')[0])),
  );
  const passes = Reflect.getMetadata(PASSTHROUGH, type, handler.name) === true;
  return takesResponse && !passes;
}

/** Class and method, and what else leads requests for one path to different handlers. */
export function handlerIdentity(context: ExecutionContext): readonly unknown[] {
  const [type, handler] = [context.getClass(), context.getHandler()];
  const version: unknown =
    Reflect.getMetadata(VERSION, handler) ?? Reflect.getMetadata(VERSION, type);
  const host: unknown = Reflect.getMetadata(HOST, type);
  const { hosts } = context.switchToHttp().getRequest<{ hosts?: unknown }>();
  const texts = (value: unknown) => [value].flat().map(String);
  return [type.name, handler.name, texts(version), texts(host), Object.entries(hosts ?? {}).sort()];
}

/** The path as it is declared (`/products/:id`); where the platform does not tell, the path as it was sent. */
export function routeOf(request: HttpCacheRequest): string {
  const { route, routeOptions, baseUrl } = request as unknown as {
    route?: { path?: unknown };
    routeOptions?: { url?: unknown };
    baseUrl?: unknown;
  };
  const declared = routeOptions?.url ?? route?.path;
  if (declared === undefined) return request.url.split('?')[0]!;
  return `${typeof baseUrl === 'string' ? baseUrl : ''}${String(declared)}`;
}
