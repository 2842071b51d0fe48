import { toMs, type Duration } from '../../core/duration.js';
import { IsDuration, IsIntegerBetween, IsText } from '../../core/options/constraints.js';

/** Options of `ChannelLayer`. */
export class ChannelLayerOptions {
  /**
   * Named connection of the channel layer.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * Most messages that wait in a channel to be received; further ones are dropped.
   * @default 100
   */
  @IsIntegerBetween(1, 1_000_000)
  capacity?: number | undefined;

  /**
   * How long a message waits in a channel to be received.
   * @default '60s'
   */
  @IsDuration({ min: '10ms', max: '1d' })
  expiry?: Duration | undefined;

  /**
   * Largest message in bytes, as it is sent.
   * @default 65536
   */
  @IsIntegerBetween(1, 16_777_216)
  maxMessage?: number | undefined;

  /**
   * Longest wait for Redis in one call.
   * @default '2s'
   */
  @IsDuration({ min: '10ms', max: '1m' })
  deadline?: Duration | undefined;
}

export interface ResolvedChannelLayerOptions {
  readonly connection: string;
  readonly capacity: number;
  readonly expiryMs: number;
  readonly maxMessage: number;
  readonly deadlineMs: number;
}

export function resolveChannelLayerOptions(
  options: ChannelLayerOptions = {},
): ResolvedChannelLayerOptions {
  return {
    connection: options.connection ?? 'default',
    capacity: options.capacity ?? 100,
    expiryMs: toMs(options.expiry ?? '60s'),
    maxMessage: options.maxMessage ?? 65_536,
    deadlineMs: toMs(options.deadline ?? '2s'),
  };
}
