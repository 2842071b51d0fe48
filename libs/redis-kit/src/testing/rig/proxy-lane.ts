import type { Socket } from 'node:net';

export interface LaneConditions {
  readonly delayMs: number;
  readonly bytesPerSecond: number;
  readonly loses: boolean;
}

interface Parcel {
  bytes: Buffer;
  arrivedAt: number;
}

// What a long fat link would have in flight; beyond it the sender is made to wait, as TCP does.
const IN_FLIGHT_LIMIT = 1024 * 1024;
// A bandwidth limit is smooth when it releases a little often, instead of a whole chunk after a long silence.
const PACE_MS = 20;

/** One direction of a proxied connection: reads from `source`, writes to `target` when conditions allow it. */
export class ProxyLane {
  readonly #source: Socket;
  readonly #target: Socket;
  #conditions: LaneConditions;
  #queue: Parcel[] = [];
  #queuedBytes = 0;
  #sourceEnded = false;
  #targetIsFull = false;
  #lostSomething = false;
  #nextWriteAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, target: Socket, conditions: LaneConditions) {
    this.#source = source;
    this.#target = target;
    this.#conditions = conditions;
    source.on('data', (bytes: Buffer) => this.#accept(bytes));
    source.once('end', () => {
      this.#sourceEnded = true;
      this.#pump();
    });
    target.on('drain', () => {
      this.#targetIsFull = false;
      this.#pump();
    });
    target.once('close', () => {
      clearTimeout(this.#timer);
      this.#discardQueue();
      // Nobody is left to read for; without this a full lane would keep the source paused and open.
      source.resume();
    });
  }

  get loses(): boolean {
    return this.#conditions.loses;
  }

  get lostSomething(): boolean {
    return this.#lostSomething;
  }

  noteLoss(): void {
    this.#lostSomething = true;
  }

  apply(conditions: LaneConditions): void {
    this.#conditions = conditions;
    this.#nextWriteAt = 0;
    this.#pump();
  }

  #accept(bytes: Buffer): void {
    if (this.#target.destroyed) return;
    this.#queue.push({ bytes, arrivedAt: performance.now() });
    this.#queuedBytes += bytes.length;
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#conditions.loses) this.#loseQueue();
    while (!this.#targetIsFull) {
      const parcel = this.#queue[0];
      if (parcel === undefined) break;
      const wait = this.#waitFor(parcel);
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), wait);
        break;
      }
      this.#write(parcel);
    }
    if (this.#sourceEnded && this.#queue.length === 0 && !this.#lostSomething) this.#target.end();
    if (this.#queuedBytes > IN_FLIGHT_LIMIT) this.#source.pause();
    else this.#source.resume();
  }

  #waitFor({ arrivedAt }: Parcel): number {
    const dueAt = Math.max(arrivedAt + this.#conditions.delayMs, this.#nextWriteAt);
    return Math.ceil(dueAt - performance.now());
  }

  #write(parcel: Parcel): void {
    const { bytesPerSecond } = this.#conditions;
    const portion = Math.max(1, Math.floor((bytesPerSecond * PACE_MS) / 1_000));
    const bytes = parcel.bytes.subarray(0, portion);
    if (bytes.length === parcel.bytes.length) this.#queue.shift();
    else parcel.bytes = parcel.bytes.subarray(bytes.length);
    this.#queuedBytes -= bytes.length;
    this.#nextWriteAt = performance.now() + (bytes.length / bytesPerSecond) * 1_000;
    this.#targetIsFull = !this.#target.write(bytes);
  }

  #loseQueue(): void {
    if (this.#queue.length > 0 || this.#sourceEnded) this.#lostSomething = true;
    this.#discardQueue();
  }

  #discardQueue(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}
