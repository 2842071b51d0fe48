/** Most names whose matches are remembered; names made of ids have no end. */
const MOST_REMEMBERED = 1_000;

class Branch<T> {
  readonly next = new Map<string, Branch<T>>();
  readonly values = new Set<T>();

  isEmpty(): boolean {
    return this.values.size === 0 && this.next.size === 0;
  }
}

/** Values by patterns of names. A value whose patterns overlap is found once. */
export class PatternTree<T> {
  readonly #root = new Branch<T>();
  readonly #remembered = new Map<string, readonly T[]>();

  /** Files `value` under each pattern, until the returned function is called. A value can be filed only once. */
  add(patterns: readonly string[], value: T): () => void {
    this.#remembered.clear();
    const paths = patterns.map((pattern) => pattern.split('.'));
    for (const path of paths) {
      let branch = this.#root;
      for (const segment of path) {
        const next = branch.next.get(segment) ?? new Branch<T>();
        branch.next.set(segment, next);
        branch = next;
      }
      branch.values.add(value);
    }
    return () => {
      this.#remembered.clear();
      for (const path of paths) remove(this.#root, path, value);
    };
  }

  /** Everything filed under a pattern of this name. */
  match(name: string): readonly T[] {
    const remembered = this.#remembered.get(name);
    if (remembered) return remembered;
    const found = new Set<T>();
    collect(this.#root, name.split('.'), 0, found);
    const matches = [...found];
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(name, matches);
    return matches;
  }
}

function collect<T>(
  branch: Branch<T>,
  segments: readonly string[],
  at: number,
  found: Set<T>,
): void {
  const many = branch.next.get('**');
  if (many)
    for (let rest = at; rest <= segments.length; rest++) collect(many, segments, rest, found);
  if (at === segments.length) {
    for (const value of branch.values) found.add(value);
    return;
  }
  const one = branch.next.get('*');
  if (one) collect(one, segments, at + 1, found);
  // Names never hold a `*`.
  const same = branch.next.get(segments[at]!);
  if (same) collect(same, segments, at + 1, found);
}

function remove<T>(branch: Branch<T>, path: readonly string[], value: T): void {
  const [segment, ...rest] = path;
  if (segment === undefined) {
    branch.values.delete(value);
    return;
  }
  const next = branch.next.get(segment);
  if (!next) return;
  remove(next, rest, value);
  if (next.isEmpty()) branch.next.delete(segment);
}
