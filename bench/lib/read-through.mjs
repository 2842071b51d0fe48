// @ts-check
import assert from 'node:assert/strict';
import { makeProduct } from './product.mjs';
import { within } from './within.mjs';

/**
 * @typedef {import('./product.mjs').Product} Product
 * @typedef {import('../../libs/redis-kit/dist/testing/index.js').RedisServer} RedisServer
 *
 * @typedef {object} Setup
 * @property {string} name of the contender, for a key space of its own
 * @property {string} url
 * @property {number} ttlMs
 * @property {(id: string) => Promise<Product>} load what a cache is put in front of
 *
 * @typedef {object} Session
 * @property {(id: string) => Promise<unknown>} readThrough the cached product, else the loaded one, then cached
 * @property {() => Promise<unknown>} close
 *
 * @typedef {object} Contender
 * @property {string} name
 * @property {Record<string, string>} versions of what it is made of
 * @property {(setup: Setup) => Promise<Session>} open
 */

/** Longer than any run: an entry that expires in the middle would turn hits into misses. */
const TTL_MS = 24 * 60 * 60 * 1_000;
/** Opening, or a pass of checks over all keys. */
const STEP_LIMIT_MS = 30_000;
const CLOSE_LIMIT_MS = 5_000;

/** A contender at work, with the counts of what was asked of it and what its cache did not save. */
export class Participant {
  reads = 0;
  loads = 0;
  /** @type {Session | undefined} */
  #session;

  /** @param {Contender} contender */
  constructor(contender) {
    this.contender = contender;
    this.name = contender.name;
  }

  /** @param {string} url */
  async open(url) {
    const load = async (/** @type {string} */ id) => {
      this.loads += 1;
      return makeProduct(id);
    };
    const { name, contender } = this;
    const opened = contender.open({ name, url, ttlMs: TTL_MS, load });
    this.#session = await within(STEP_LIMIT_MS, `opening ${name}`, opened);
  }

  /**
   * Reads a product, and makes sure that it is the one.
   * @param {string} id
   */
  async read(id) {
    this.reads += 1;
    const product = /** @type {Product} */ (await this.#opened.readThrough(id));
    if (product?.id !== id) this.fail(`read ${id} and got ${JSON.stringify(product)}`);
    return product;
  }

  /**
   * Reads products one after the other, makes sure that each is complete and loaded as often as it should be, and
   * counts what the server was asked meanwhile.
   * @param {RedisServer} server
   * @param {readonly string[]} ids
   * @param {number} expectedLoads
   * @returns {Promise<Record<string, number>>} calls of each command, per read
   */
  async check(server, ids, expectedLoads) {
    this.resetCounts();
    const commands = await server.commandsDuring(() =>
      within(STEP_LIMIT_MS, `checking ${this.name}`, this.#compare(ids)),
    );
    this.expectLoads(expectedLoads);
    // Less than one read per key means that something nearer than Redis has answered.
    const reads = (commands['get'] ?? 0) + (commands['mget'] ?? 0);
    if (reads < ids.length) this.fail(`asked Redis ${reads} times for ${ids.length} products`);
    return Object.fromEntries(
      Object.entries(commands)
        .map(([command, calls]) => /** @type {const} */ ([command, calls / ids.length]))
        .filter(([, calls]) => calls >= 0.1)
        .map(([command, calls]) => [command, Number(calls.toFixed(2))]),
    );
  }

  resetCounts() {
    this.reads = 0;
    this.loads = 0;
  }

  /** @param {number} expected */
  expectLoads(expected) {
    if (this.loads !== expected) this.fail(`loaded ${this.loads} products instead of ${expected}`);
  }

  async close() {
    const session = this.#session;
    this.#session = undefined;
    if (session) await within(CLOSE_LIMIT_MS, `closing ${this.name}`, session.close().then());
  }

  get #opened() {
    return this.#session ?? this.fail('is not open');
  }

  /** @param {readonly string[]} ids */
  async #compare(ids) {
    for (const id of ids) assert.deepEqual(await this.read(id), makeProduct(id), this.name);
  }

  /**
   * @param {string} what
   * @returns {never}
   */
  fail(what) {
    throw new Error(`${this.name} does not do the work it is measured for: it ${what}`);
  }
}

/**
 * Opens contenders, and closes them whatever happens.
 * @template T
 * @param {readonly Contender[]} contenders
 * @param {string} url
 * @param {(participants: readonly Participant[]) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withParticipants(contenders, url, work) {
  const participants = contenders.map((contender) => new Participant(contender));
  try {
    for (const participant of participants) await participant.open(url);
    const result = await work(participants);
    await Promise.all(participants.map((participant) => participant.close()));
    return result;
  } catch (error) {
    // What went wrong first is what matters: after it, closing often fails as well.
    await Promise.allSettled(participants.map((participant) => participant.close()));
    throw error;
  }
}
