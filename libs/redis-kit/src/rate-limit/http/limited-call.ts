import type { ExecutionContext } from '@nestjs/common';

/** What requests of the platforms have in common, as far as limits look at them. */
export interface RateLimitRequest {
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  /** As the framework sees it: behind trusted proxies the client's, if the framework was told to trust them. */
  readonly ip?: string | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined };
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  /** Left by a guard. */
  readonly user?: unknown;
  /** Left by the middleware of a session. */
  readonly session?: unknown;
  readonly sessionID?: unknown;
}

/** The response, as far as it says how a request ended. */
export interface RateLimitResponse {
  readonly statusCode: number;
  readonly writableFinished?: boolean;
  readonly destroyed?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/** One call of a handler, whatever transport it came by. */
export interface LimitedCall {
  readonly context: ExecutionContext;
  /**
   * HTTP and GraphQL: the request. WebSocket: the client. Messages: the context of the transport. What a `by` function gets.
   */
  readonly request: RateLimitRequest;
  /** Of Node.js, beneath the framework's; `undefined` where there is none. */
  readonly response: RateLimitResponse | undefined;
  /** One object for each call, the same for all guards and interceptors it passes. */
  readonly identity: object;
}

interface GraphqlContext {
  readonly req?: RateLimitRequest;
  readonly request?: RateLimitRequest;
  readonly res?: object;
  readonly reply?: { readonly request?: RateLimitRequest };
}

interface WsClient extends RateLimitRequest {
  /** Of Socket.IO. */
  readonly handshake?: {
    readonly address?: string;
    readonly headers?: RateLimitRequest['headers'];
  };
  readonly data?: { readonly user?: unknown };
  /** Of ws. */
  readonly _socket?: RateLimitRequest['socket'];
}

interface RpcContext {
  /** Of TCP. */
  getSocketRef?(): { readonly socket?: RateLimitRequest['socket'] } | undefined;
}

/** What is limited: a call of HTTP, GraphQL, WebSockets or messages. */
export function limitedCall(context: ExecutionContext): LimitedCall {
  // The arguments are made for a call, and handed to everything it passes; only those of HTTP are wrapped anew.
  const args = context.getArgs();
  switch (context.getType<string>()) {
    case 'http': {
      const http = context.switchToHttp();
      const request = http.getRequest<RateLimitRequest>();
      return { context, request, response: responseOf(http.getResponse()), identity: request };
    }
    case 'graphql': {
      const made = (args[2] ?? {}) as GraphqlContext;
      const request = made.req ?? made.request ?? made.reply?.request;
      const response = responseOf(made.res ?? made.reply);
      return { context, request: request ?? (made as RateLimitRequest), response, identity: args };
    }
    default:
      return { context, request: peerOf(context), response: undefined, identity: args };
  }
}

/** The other side of a connection that stays: who sent a message. */
function peerOf(context: ExecutionContext): RateLimitRequest {
  if (context.getType() === 'ws') return context.switchToWs().getClient<RateLimitRequest>();
  return (context.switchToRpc().getContext<RateLimitRequest | undefined>() ??
    {}) as RateLimitRequest;
}

function responseOf(response: object | undefined): RateLimitResponse | undefined {
  const raw = ((response as { raw?: object } | undefined)?.raw ?? response) as
    Partial<RateLimitResponse> | undefined;
  return typeof raw?.once === 'function' && typeof raw.statusCode === 'number'
    ? (raw as RateLimitResponse)
    : undefined;
}

/** Headers of the request, or of the one that opened the WebSocket. */
export function headerOf(request: RateLimitRequest, name: string): string | undefined {
  const headers = request.headers ?? (request as WsClient).handshake?.headers;
  const value = headers?.[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** The user that a guard left on the request, or on the WebSocket's client. */
export const userOf = (request: RateLimitRequest): unknown =>
  request.user ?? (request as WsClient).data?.user;

/** The address at the other end of the connection: of the client, or of the nearest proxy. */
export function peerAddress(request: RateLimitRequest): string | undefined {
  const { handshake, _socket: socket } = request as WsClient;
  return (
    request.socket?.remoteAddress ??
    handshake?.address ??
    socket?.remoteAddress ??
    (request as RpcContext).getSocketRef?.()?.socket?.remoteAddress
  );
}
