/**
 * Keeps everything else from running while a suspect does, in all groups of this process: when it ends the process, nothing
 * else can have done it, and nothing else is suspected of it.
 */
export class SoloGate {
  #running = 0;
  #isSolo = false;
  readonly #soloists = new Set<() => void>();
  readonly #others = new Set<() => void>();

  /** Whether something ordinary may `enter` now; if not, `whenFree` is called once it may. */
  mayEnter(whenFree: () => void): boolean {
    const isOpen = !this.#isSolo && this.#soloists.size === 0;
    if (!isOpen) this.#others.add(whenFree);
    return isOpen;
  }

  enter(): void {
    this.#running += 1;
  }

  /** Enters alone; when it cannot yet, nothing else begins until `whenFree` was called. */
  enterSolo(whenFree: () => void): boolean {
    if (this.#running > 0 || this.#isSolo) {
      this.#soloists.add(whenFree);
      return false;
    }
    this.#isSolo = true;
    this.#running += 1;
    return true;
  }

  leave(): void {
    this.#running -= 1;
    this.#isSolo = false;
    this.#admit();
  }

  /** It no longer waits. */
  withdraw(whenFree: () => void): void {
    this.#others.delete(whenFree);
    if (this.#soloists.delete(whenFree)) this.#admit();
  }

  #admit(): void {
    while (this.#running === 0) {
      const [soloist] = this.#soloists;
      if (!soloist) break;
      this.#soloists.delete(soloist);
      soloist();
    }
    if (this.#isSolo || this.#soloists.size > 0) return;
    const others = [...this.#others];
    this.#others.clear();
    for (const other of others) other();
  }
}
