// @ts-check

/**
 * Settles with `work`, or rejects when it takes longer than `limitMs`, so that a contender that hangs ends the run.
 * @template T
 * @param {number} limitMs
 * @param {string} what
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
export async function within(limitMs, what, work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} took longer than ${Math.round(limitMs)} ms`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, /** @type {Promise<never>} */ (late)]);
  } finally {
    clearTimeout(timer);
  }
}
