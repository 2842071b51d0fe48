export interface Gate<T> {
  readonly entered: Promise<void>;
  readonly factory: () => Promise<T>;
  open(value: T | PromiseLike<T>): void;
}

/** A factory that says when it runs and waits to be told its value. */
export function gate<T>(): Gate<Awaited<T>> {
  let enter!: () => void;
  let open!: (value: Awaited<T> | PromiseLike<Awaited<T>>) => void;
  const entered = new Promise<void>((resolve) => (enter = resolve));
  const value = new Promise<Awaited<T>>((resolve) => (open = resolve));
  return { entered, open, factory: () => (enter(), value) };
}
