export interface LatchTerms {
  /** How many have to count down. */
  readonly count: number;
  readonly ttlMs: number;
}

/** Where latches are kept. */
export abstract class LatchStore {
  /** Counts down once for each id; answers how many are missing. May be repeated. */
  abstract countDown(name: string, terms: LatchTerms, id: string): Promise<number>;

  /** How many are missing. */
  abstract missing(name: string, terms: LatchTerms): Promise<number>;

  /** Hears when it opens; messages may be lost. */
  abstract listen(name: string, onOpen: () => void): { close(): void };
}
