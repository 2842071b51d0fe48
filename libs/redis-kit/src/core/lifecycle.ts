import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { RedisConnections } from './connections/redis-connections.js';
import { withDeadline } from './failsafe/deadline.js';
import { safeMessage } from './redact.js';

/** Something that works in the background and has to come to an end. */
export interface LifecycleParticipant {
  readonly name: string;
  /** Takes no new work from now on. Called while HTTP requests in flight are still being served. */
  stopIntake?(): void;
  /** Resolves when the work in hand is done. Called after the HTTP server has drained. */
  drain?(): Promise<void>;
}

/** The part of the deadline that is kept for closing connections, however long the work takes. */
const CLOSING_SHARE = 0.25;

/**
 * Opens the connections at boot, and ends the suite in order, within one deadline: stop intake → drain → close our own
 * connections.
 *
 * Nest serves HTTP requests in flight between `beforeApplicationShutdown` and `onApplicationShutdown`, so connections are
 * closed only in the latter. One coordinator does it, because Nest promises no order among providers of one module.
 */
export class Lifecycle implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #logger = new Logger('RedisKit');
  readonly #participants = new Set<LifecycleParticipant>();

  constructor(
    private readonly connections: RedisConnections,
    private readonly shutdownTimeoutMs: number,
  ) {}

  register(participant: LifecycleParticipant): void {
    this.#participants.add(participant);
  }

  async onModuleInit(): Promise<void> {
    await this.connections.open();
  }

  beforeApplicationShutdown(): void {
    for (const participant of this.#participants) {
      try {
        participant.stopIntake?.();
      } catch (error) {
        this.#logger.error(`${participant.name} could not stop its intake`, error);
      }
    }
  }

  async onApplicationShutdown(): Promise<void> {
    const startedAt = performance.now();
    const drainMs = this.shutdownTimeoutMs * (1 - CLOSING_SHARE);
    await Promise.all(
      [...this.#participants].map(async (participant) => {
        const { name } = participant;
        try {
          await withDeadline(`draining ${name}`, drainMs, Promise.resolve(participant.drain?.()));
        } catch (error) {
          this.#logger.warn(`${name} did not finish before the shutdown: ${safeMessage(error)}`);
        }
      }),
    );
    const remainingMs = this.shutdownTimeoutMs - (performance.now() - startedAt);
    await this.connections.close(Math.max(0, remainingMs));
  }
}
