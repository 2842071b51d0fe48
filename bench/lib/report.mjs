// @ts-check

/**
 * @typedef {import('./measure.mjs').Measurement} Measurement
 * @typedef {import('./measure.mjs').Slice} Slice
 * @typedef {{ min: number, max: number }} Spread
 * @typedef {{ median: number, min: number, max: number }} Ratio
 *
 * @typedef {object} Case
 * @property {string} suite
 * @property {string} name
 * @property {string} unit
 * @property {boolean} higherIsBetter
 * @property {Record<string, number>} results median over the rounds
 * @property {Record<string, Spread>} spread over the rounds
 * @property {Record<string, Ratio>} ratios to `raw`, each round against its own `raw`
 * @property {Record<string, Record<string, number>>} commandsPerCall what the server ran, by command, within scripts too
 *
 * @typedef {object} Report
 * @property {string} suite names of the suites
 * @property {Record<string, string>} versions
 * @property {import('./versions.mjs').Machine} machine
 * @property {import('./measure.mjs').Settings} settings
 * @property {Case[]} cases
 */

/** The contender all others are compared with. */
const BASELINE = 'raw';

/**
 * Two cases of one measurement: what callers get, and what it costs this process.
 * @param {{ suite: string, name: string }} title
 * @param {Measurement} measurement
 * @param {Case['commandsPerCall']} commandsPerCall
 * @returns {Case[]}
 */
export function toCases({ suite, name }, measurement, commandsPerCall) {
  return [
    {
      suite,
      name,
      unit: 'calls/s',
      higherIsBetter: true,
      ...summarize(measurement, ({ callsPerSecond }) => callsPerSecond, 0),
      commandsPerCall,
    },
    {
      suite,
      name: `${name}: CPU of the client`,
      unit: 'µs/call',
      higherIsBetter: false,
      ...summarize(measurement, ({ cpuMicroseconds }) => cpuMicroseconds, 2),
      commandsPerCall,
    },
  ];
}

/**
 * A case of single values, one a round, such as how long something took that cannot be repeated a thousand times.
 * @param {{ suite: string, name: string, unit: string, higherIsBetter?: boolean }} title
 * @param {ReadonlyMap<string, readonly number[]>} samples by contender
 * @returns {Case}
 */
export function fromSamples({ higherIsBetter = false, ...title }, samples) {
  return {
    ...title,
    higherIsBetter,
    ...summarize(samples, (value) => value, 2),
    commandsPerCall: {},
  };
}

/**
 * @template T
 * @param {ReadonlyMap<string, readonly T[]>} measurement
 * @param {(slice: T) => number} pick
 * @param {number} decimals
 * @returns {Pick<Case, 'results' | 'spread' | 'ratios'>}
 */
function summarize(measurement, pick, decimals) {
  const baseline = measurement.get(BASELINE)?.map(pick) ?? [];
  /** @type {Pick<Case, 'results' | 'spread' | 'ratios'>} */
  const summary = { results: {}, spread: {}, ratios: {} };
  for (const [name, slices] of measurement) {
    const values = slices.map(pick);
    summary.results[name] = round(median(values), decimals);
    summary.spread[name] = extremes(values, decimals);
    const ratios = values.flatMap((value, at) => {
      const base = baseline[at];
      return base === undefined ? [] : [value / base];
    });
    if (ratios.length === 0) continue;
    summary.ratios[name] = { median: round(median(ratios), 3), ...extremes(ratios, 3) };
  }
  return summary;
}

/**
 * A case as a table for people.
 * @param {Case} measured
 * @returns {string}
 */
export function table({ suite, name, unit, higherIsBetter, results, spread, ratios }) {
  const rows = Object.entries(results).map(([contender, value]) => {
    const ratio = ratios[contender];
    return [
      contender,
      figure(value),
      `${figure(spread[contender]?.min)} – ${figure(spread[contender]?.max)}`,
      ratio ? ratio.median.toFixed(2) : '',
      ratio ? `${ratio.min.toFixed(2)} – ${ratio.max.toFixed(2)}` : '',
    ];
  });
  const header = ['', 'median', 'min – max', `against ${BASELINE}`, 'min – max'];
  const better = higherIsBetter ? 'higher is better' : 'lower is better';
  return `\n${suite}: ${name} (${unit}, ${better})\n${align([header, ...rows])}\n`;
}

/**
 * @param {Record<string, string>} versions
 * @param {import('./versions.mjs').Machine} machine
 */
export function surroundings(versions, { cpu, cores, node, redis }) {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `\n${packages.join(', ')}\nnode ${node}, ${redis}, ${cores} × ${cpu}\n`;
}

/** @param {string[][]} rows */
function align(rows) {
  const widths =
    rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join('   '),
    )
    .join('\n');
}

/** @param {number | undefined} value */
const figure = (value) => value?.toLocaleString('en') ?? '';

/** @type {(value: number, decimals: number) => number} */
const round = (value, decimals) => Number(value.toFixed(decimals));

/** @type {(values: readonly number[], decimals: number) => Spread} */
const extremes = (values, decimals) => ({
  min: round(Math.min(...values), decimals),
  max: round(Math.max(...values), decimals),
});

/** @param {readonly number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? upper) + upper) / 2 : upper;
}
