import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import { runWithMemo } from './request-memo.js';

/** Opens a scope for caches with `memo: true` around each handler, of any transport. Guards have run before. */
@Injectable()
export class CacheMemoInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return new Observable((subscriber) => runWithMemo(() => next.handle().subscribe(subscriber)));
  }
}
