/** A number that was estimated from a sample: with 95 % confidence the true one is within `value ± margin`. */
export interface Estimate {
  readonly value: number;
  /** 0: counted, not estimated. */
  readonly margin: number;
}

/** Of a normal distribution, 95 % lies within this many standard deviations. */
const DEVIATIONS = 1.96;
/** Nothing among n: with 95 % confidence there are no more than 3 of n. */
const NONE_SEEN = 3;

/** A sample of a population, both counted in keys. */
export interface Sample {
  readonly population: number;
  readonly examined: number;
}

/** How many of the population have what `seen` of the sample have. */
export function estimateCount(seen: number, { population, examined }: Sample): Estimate {
  if (examined === 0) return { value: 0, margin: population };
  const share = seen / examined;
  const spread =
    seen === 0 ? NONE_SEEN / examined : DEVIATIONS * Math.sqrt((share * (1 - share)) / examined);
  return {
    value: Math.round(population * share),
    margin: Math.ceil(Math.min(population, population * spread) * rest(population, examined)),
  };
}

/** The sum over the population of what adds up to `sum`, and squared to `squares`, in the sample. */
export function estimateSum(
  sum: number,
  squares: number,
  { population, examined }: Sample,
): Estimate {
  if (examined === 0) return { value: 0, margin: 0 };
  const mean = sum / examined;
  const deviation = Math.sqrt(Math.max(0, squares / examined - mean * mean));
  return {
    value: Math.round(population * mean),
    margin: Math.ceil(
      ((population * DEVIATIONS * deviation) / Math.sqrt(examined)) * rest(population, examined),
    ),
  };
}

/** Estimates of separate populations, such as the keys of different servers. */
export function addEstimates(estimates: readonly Estimate[]): Estimate {
  return {
    value: estimates.reduce((sum, { value }) => sum + value, 0),
    margin: Math.ceil(Math.hypot(...estimates.map(({ margin }) => margin))),
  };
}

/** What was examined is known: the uncertainty is that of the rest, and none when there is no rest. */
const rest = (population: number, examined: number): number =>
  Math.sqrt(Math.max(0, 1 - examined / Math.max(1, population)));
