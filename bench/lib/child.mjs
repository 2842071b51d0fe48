// @ts-check
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { within } from './within.mjs';

const STEP_LIMIT_MS = 60_000;

/** A process of its own that answers questions; see `children/`. */
export class Child {
  /**
   * @param {string} file in `children/`
   * @param {Record<string, string>} settings
   */
  constructor(file, settings) {
    this.process = fork(new URL(`../children/${file}`, import.meta.url), [], {
      env: { ...process.env, BENCH: JSON.stringify(settings) },
    });
    this.exited = once(this.process, 'exit');
  }

  /** Resolves when it has started and takes questions. */
  async up() {
    await this.#answer('its start');
  }

  /**
   * @param {string} ask
   * @param {unknown} [value]
   * @returns {Promise<any>}
   */
  async ask(ask, value) {
    this.process.send({ ask, value });
    return this.#answer(ask);
  }

  /** @param {string} ask */
  async #answer(ask) {
    const answer = once(this.process, 'message');
    const gone = this.exited.then(([code]) => {
      throw new Error(
        `A process of the benchmark ended with ${code} instead of answering '${ask}'`,
      );
    });
    const [{ result, error }] = await within(STEP_LIMIT_MS, ask, Promise.race([answer, gone]));
    if (error !== undefined) throw new Error(error);
    return result;
  }

  async close() {
    if (this.process.exitCode === null && this.process.connected) this.process.disconnect();
    await within(STEP_LIMIT_MS, 'the end of a process', this.exited);
  }
}

/**
 * The other side: answers questions until the parent disconnects.
 * @param {Record<string, (value: any) => Promise<unknown>>} answers
 * @param {() => Promise<unknown>} close
 */
export function answerParent(answers, close) {
  process.on('message', async (/** @type {{ ask: string, value: unknown }} */ { ask, value }) => {
    try {
      process.send?.({ result: await answers[ask]?.(value) });
    } catch (error) {
      process.send?.({ error: String(error) });
    }
  });
  process.once('disconnect', () => void close());
  process.send?.({ result: 'up' });
}
