import type { Duration } from '../core/duration.js';
import { IsDuration, IsOneOf, IsText } from '../core/options/constraints.js';

/** Options of `RedisThrottlerModule.forRoot()`. All have defaults. */
export class RedisThrottlerOptions {
  /**
   * Name of the connection.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * Longest wait for Redis.
   * @default '100ms'
   */
  @IsDuration({ min: 1, max: '1m' })
  deadline?: Duration | undefined;

  /**
   * What happens without Redis: `local` counts in this process alone, `open` lets everybody through, `closed` answers 503.
   * @default 'local'
   */
  @IsOneOf(['local', 'open', 'closed'])
  onFailure?: 'local' | 'open' | 'closed' | undefined;
}
