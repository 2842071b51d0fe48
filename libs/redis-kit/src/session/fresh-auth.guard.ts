import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { toMs, type Duration } from '../core/duration.js';
import { FreshAuthRequiredException, SessionRequiredException } from './session.exception.js';
import { SessionService } from './session.service.js';

const MAX_AGE = Symbol('redis-kit:fresh-auth');

/** Lets requests through whose user proved who he is within the time that `@RequireFreshAuth()` says. */
@Injectable()
export class FreshAuthGuard implements CanActivate {
  constructor(
    private readonly sessions: SessionService,
    private readonly reflector: Reflector,
  ) {}

  /**
   * @throws SessionRequiredException (401) for a guest
   * @throws FreshAuthRequiredException (403) when it was too long ago
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const maxAgeMs = this.reflector.getAllAndOverride<number | undefined>(MAX_AGE, targets);
    if (maxAgeMs === undefined) return true;
    const request = context.switchToHttp().getRequest<object>();
    if (this.sessions.userIdOf(request) === undefined) throw new SessionRequiredException();
    if (!(await this.sessions.isFreshAuth(request, maxAgeMs))) {
      throw new FreshAuthRequiredException(maxAgeMs);
    }
    return true;
  }
}

/** Only for users who logged in, or confirmed who they are, no longer ago than this. */
export const RequireFreshAuth = (maxAge: Duration) =>
  applyDecorators(SetMetadata(MAX_AGE, toMs(maxAge)), UseGuards(FreshAuthGuard));
