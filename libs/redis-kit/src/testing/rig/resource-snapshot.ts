import { createHook, type AsyncHook } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { RigError } from './rig.errors.js';

export interface TrackedResource {
  /** As Node calls it: `Timeout`, `TCPWRAP`, `TCPSERVERWRAP`, `TLSWRAP`, `PIPEWRAP`, `PROCESSWRAP`, … */
  kind: string;
  /** The frames of the call that made it; empty for a connection that was accepted. */
  createdAt: string[];
}

// What stays until someone ends it. Requests and immediates end by themselves.
const KINDS = new Set([
  'Timeout',
  'TCPWRAP',
  'TCPSERVERWRAP',
  'TLSWRAP',
  'PIPEWRAP',
  'PIPESERVERWRAP',
  'PROCESSWRAP',
  'UDPWRAP',
  'WORKER',
  'MESSAGEPORT',
  'FSEVENTWRAP',
  'STATWATCHER',
  'SIGNALWRAP',
]);
const POLL_MS = 20;
const FRAMES = 20;
// "at setTimeout (node:timers:146:19)", "at new Promise (<anonymous>)"
const OF_NODE = /[( ]node:|\(<anonymous>\)$/;
const FRAMES_SHOWN = 5;
// The message, this module's `callFrames` and its hook.
const OWN_LINES = 3;
// The time limits a test runner sets on tests and hooks are none of the test's leaks.
const TEST_RUNNER = /[\\/](jest-circus|jest-jasmine2|vitest|@vitest|mocha)[\\/]/;

/**
 * Watches what is created from `take` on: timers, sockets, servers, child processes, … of this process, including
 * those that were unref'd. Counting what there is (`process.getActiveResourcesInfo`) would miss these, and take one
 * that ends for one that leaks.
 */
export class ResourceSnapshot implements Disposable {
  readonly #created = new Map<number, TrackedResource>();
  readonly #hook: AsyncHook;
  #creatingOwn = false;

  /** Starts to watch, until `assertNoneLeaked` or `dispose`. */
  static take(): ResourceSnapshot {
    return new ResourceSnapshot();
  }

  private constructor() {
    this.#hook = createHook({
      init: (id, kind) => {
        if (this.#creatingOwn || !KINDS.has(kind)) return;
        const createdAt = callFrames();
        if (!TEST_RUNNER.test(createdAt[0] ?? '')) this.#created.set(id, { kind, createdAt });
      },
      destroy: (id) => this.#created.delete(id),
    }).enable();
  }

  /** What was created since and still exists. */
  added(): TrackedResource[] {
    return [...this.#created.values()];
  }

  /**
   * Waits until nothing is left of what was created since `take`, and stops to watch.
   *
   * @throws RigError `LEAKED` naming what is left after `within` milliseconds (2000 by default) and what made it.
   */
  async assertNoneLeaked({ within = 2_000 }: { within?: number } = {}): Promise<void> {
    const deadline = performance.now() + within;
    try {
      while (this.#created.size > 0) {
        if (performance.now() > deadline) {
          const list = this.added().map(
            ({ kind, createdAt }) =>
              `${kind}${createdAt.map((frame) => `\n    ${frame}`).join('')}`,
          );
          throw new RigError('LEAKED', `Still open after ${within} ms:\n${list.join('\n')}`);
        }
        await this.#pause();
      }
    } finally {
      this.dispose();
    }
  }

  /** Stops to watch. */
  dispose(): void {
    this.#hook.disable();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #pause(): Promise<void> {
    this.#creatingOwn = true;
    try {
      return delay(POLL_MS);
    } finally {
      this.#creatingOwn = false;
    }
  }
}

function callFrames(): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = '' } = new Error('created here');
  Error.stackTraceLimit = limit;
  return stack
    .split('\n')
    .slice(OWN_LINES)
    .filter((line) => !OF_NODE.test(line))
    .slice(0, FRAMES_SHOWN)
    .map((line) => line.trim());
}
