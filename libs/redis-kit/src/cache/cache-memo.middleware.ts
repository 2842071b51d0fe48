import { Injectable, type NestMiddleware } from '@nestjs/common';
import { runWithMemo } from './request-memo.js';

/** Opens a scope for caches with `memo: true` around each HTTP request, guards included. */
@Injectable()
export class CacheMemoMiddleware implements NestMiddleware {
  use(_request: unknown, _response: unknown, next: () => void): void {
    runWithMemo(next);
  }
}
