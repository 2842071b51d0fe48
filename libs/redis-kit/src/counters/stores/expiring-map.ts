/** Values by key that are gone when their time is over, as keys of Redis are. */
export class ExpiringMap<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly expiresAtMs: number }>();

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry && entry.expiresAtMs > Date.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, expiresAtMs: number): void {
    this.#entries.set(key, { value, expiresAtMs });
  }

  delete(key: string): boolean {
    return this.get(key) !== undefined && this.#entries.delete(key);
  }
}
