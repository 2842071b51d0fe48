import type { ExecutionContext } from '@nestjs/common';
import type {
  ClientDeniedException,
  RateLimitExceededException,
  RateLimitUnavailableException,
} from './rate-limit.exception.js';

export type Denial =
  ClientDeniedException | RateLimitExceededException | RateLimitUnavailableException;

/**
 * The error that tells a denial over the transport of a call. Those of WebSockets and messages are of packages that only
 * applications with such calls have; for any other error Nest would tell the caller "Internal server error".
 */
export async function errorOf(denial: Denial, context: ExecutionContext): Promise<Error> {
  const transport = context.getType<string>();
  const payload = { status: 'error', message: denial.message, ...denial.extensions };
  if (transport === 'ws') {
    const { WsException } = await import('@nestjs/websockets');
    return new WsException(payload);
  }
  if (transport === 'rpc') {
    const { RpcException } = await import('@nestjs/microservices');
    return new RpcException(payload);
  }
  return denial;
}
