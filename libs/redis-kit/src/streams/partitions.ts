import {
  assertCategory,
  categoryOf,
  partitionOf,
  type PartitionPlace,
  type StreamPlace,
} from './stream-name.js';
import type { EventStorage } from './stores/event-storage.js';
import { PartitionCountError } from './streams.errors.js';
import type { ResolvedStreamsOptions } from './streams.options.js';

/** Into how many partitions each category is divided: asked once, and the same for everybody ever after. */
export class Partitions {
  readonly #counts = new Map<string, Promise<number>>();

  constructor(
    private readonly storage: EventStorage,
    private readonly options: ResolvedStreamsOptions,
  ) {}

  /** @throws PartitionCountError when the number is another one than this application was told. */
  count(category: string): Promise<number> {
    let count = this.#counts.get(category);
    if (!count) {
      assertCategory(category);
      count = this.#ask(category);
      this.#counts.set(category, count);
      count.catch(() => this.#counts.delete(category));
    }
    return count;
  }

  /** All partitions of a category. */
  async places(category: string): Promise<PartitionPlace[]> {
    const count = await this.count(category);
    return Array.from({ length: count }, (_, partition) => ({ category, partition }));
  }

  /** Where a stream lives, and the number of partitions that says so. */
  async find(stream: string): Promise<{ place: StreamPlace; partitions: number }> {
    const category = categoryOf(stream);
    const partitions = await this.count(category);
    return { place: { stream, category, partition: partitionOf(stream, partitions) }, partitions };
  }

  async #ask(category: string): Promise<number> {
    const configured = this.options.categories.get(category);
    const stored = await this.storage.partitions(category, configured ?? this.options.partitions);
    if (configured !== undefined && stored !== configured) {
      throw new PartitionCountError(category, stored, configured);
    }
    return stored;
  }
}
