interface Stoppable {
  stop(): Promise<void>;
}

/** Like `Promise.all`, but when one fails to start the others are stopped before it rejects. */
export async function startTogether<T extends Stoppable>(starting: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(starting);
  const started = results.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return started;
  await stopTogether(started);
  throw failure.reason;
}

export async function stopTogether(running: Stoppable[]): Promise<void> {
  await Promise.all(running.map((one) => one.stop()));
}
