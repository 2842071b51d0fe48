import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { finalize, tap, type Observable } from 'rxjs';
import { answer } from './answer.js';
import { RequestLimits } from './request-limits.js';

/**
 * The end of what `RateLimitGuard` began: counts what had to wait for the other guards, and tells how calls ended that no
 * HTTP response tells the end of. `@RateLimit()` binds it.
 */
@Injectable()
export class RateLimitInterceptor implements NestInterceptor {
  constructor(private readonly limits: RequestLimits) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    await answer(await this.limits.judge(context, 'interceptor'), this.limits.http.headers);
    this.limits.begun(context);
    let isFailure = true;
    return next.handle().pipe(
      tap({ complete: () => (isFailure = false) }),
      finalize(() => this.limits.ended(context, { isFailure })),
    );
  }
}
