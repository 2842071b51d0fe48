import { UseInterceptors } from '@nestjs/common';
import { injectProperty } from '../../core/method-decorator.js';
import { getCacheToken } from '../caches.js';
import { HttpCacheInterceptor } from './http-cache.interceptor.js';
import { declareHttpCache, type HttpCacheOptions } from './http-cache.options.js';

/**
 * Caches the responses of a handler, or of all handlers of a controller; `@HttpCache(false)` takes one out, also where
 * `HttpCacheInterceptor` is bound to all.
 *
 * Only GET and HEAD, and never what may belong to one user: requests with `Authorization`, cookies, a session or a user
 * pass by, unless `varyBy` tells users apart or `shared` says that there is no difference. It binds the interceptor, so
 * it is no silent no-op; a controller whose cache does not exist stops the boot.
 *
 * @throws ConfigurationError when the class is loaded, naming each wrong option.
 */
export function HttpCache(
  options: HttpCacheOptions | false = {},
): ClassDecorator & MethodDecorator {
  return (target: object, property?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const declared = descriptor ? (descriptor.value as object) : target;
    declareHttpCache(declared, options);
    if (options === false) return;
    const prototype = descriptor ? target : (target as { prototype: object }).prototype;
    injectProperty(prototype, getCacheToken(options.cache));
    const bind = UseInterceptors(HttpCacheInterceptor);
    if (descriptor) bind(target, property!, descriptor);
    else bind(target as never);
  };
}
