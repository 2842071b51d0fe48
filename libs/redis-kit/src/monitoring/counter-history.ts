/** What servers count since they were started. */
export interface Counts {
  readonly hits: number;
  readonly misses: number;
  readonly evicted: number;
}

/** Counts of one server at one moment. */
export interface CountSample extends Counts {
  /** Monotonic milliseconds of this process. */
  readonly atMs: number;
  /** The server's own id of its life, which is new after each start; undefined when it does not tell. */
  readonly runId: string | undefined;
  readonly uptimeMs: number | undefined;
}

/** What was counted between two samples. */
export interface CountsBetween extends Counts {
  readonly windowMs: number;
}

/** The longest window that can be asked for. */
export const LONGEST_WINDOW_MS = 3_600_000;
/** Samples nearer to each other than this tell nothing that the first of them does not. */
const LEAST_GAP_MS = 1_000;
const MOST_SAMPLES = 600;

/**
 * Counts of a connection's servers as they were at earlier looks. There is no timer behind it: whoever looks leaves a
 * sample, and health checks and scrapes look often enough.
 */
export class CounterHistory {
  readonly #samples = new Map<string, CountSample[]>();

  /** What this server counted since the oldest sample within the window; undefined when there is nothing to compare to. */
  between(node: string, windowMs: number, now: CountSample): CountsBetween | undefined {
    // A server that is younger than the window counted everything within it.
    if (now.uptimeMs !== undefined && now.uptimeMs <= windowMs) {
      return difference({ hits: 0, misses: 0, evicted: 0 }, now, now.uptimeMs);
    }
    const from = this.#comparable(node, now).find(({ atMs }) => now.atMs - atMs <= windowMs);
    return from && difference(from, now, now.atMs - from.atMs);
  }

  record(node: string, sample: CountSample): void {
    const samples = this.#comparable(node, sample).filter(
      ({ atMs }) => sample.atMs - atMs <= LONGEST_WINDOW_MS,
    );
    const last = samples.at(-1);
    if (!last || sample.atMs - last.atMs >= LEAST_GAP_MS) samples.push(sample);
    this.#samples.set(node, samples.slice(-MOST_SAMPLES));
    this.#forgetGone(sample.atMs);
  }

  /** The samples of the life the server is in: after a restart, or CONFIG RESETSTAT, the older ones say nothing. */
  #comparable(node: string, now: CountSample): CountSample[] {
    const samples = this.#samples.get(node) ?? [];
    const isSameLife = ({ runId, hits, misses, evicted }: CountSample) =>
      runId === now.runId && hits <= now.hits && misses <= now.misses && evicted <= now.evicted;
    return samples.filter(isSameLife);
  }

  #forgetGone(nowMs: number): void {
    for (const [node, samples] of this.#samples) {
      if (nowMs - samples.at(-1)!.atMs > LONGEST_WINDOW_MS) this.#samples.delete(node);
    }
  }
}

const difference = (from: Counts, to: Counts, windowMs: number): CountsBetween => ({
  hits: to.hits - from.hits,
  misses: to.misses - from.misses,
  evicted: to.evicted - from.evicted,
  windowMs,
});
