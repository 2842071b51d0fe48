import type { ResolvedSessionOptions } from './session.options.js';

/** Names of the cookie over HTTPS and over plain HTTP. */
export interface SessionCookieNames {
  readonly secure: string;
  readonly plain: string;
}

/**
 * `__Host-` tells browsers that nobody but this host may set the cookie, for this host alone and all of it, over HTTPS: not
 * a neighbour under the same domain, and nobody on the line.
 */
export function cookieNames({
  name,
  domain,
  path,
  secure,
}: ResolvedSessionOptions['cookie']): SessionCookieNames {
  const isHostOnly = secure !== false && domain === undefined && path === '/';
  return { secure: isHostOnly ? `__Host-${name}` : name, plain: name };
}
