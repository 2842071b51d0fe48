import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { SessionRequiredException } from './session.exception.js';
import { SessionService } from './session.service.js';

/** Lets requests through that have the session of a user. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(private readonly sessions: SessionService) {}

  /** @throws SessionRequiredException (401) for a guest */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<object>();
    if (this.sessions.userIdOf(request) === undefined) throw new SessionRequiredException();
    return true;
  }
}
