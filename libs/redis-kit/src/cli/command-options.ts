import { InvalidArgumentError, Option } from 'commander';
import { parseDuration, toMs, type Duration } from '../core/duration.js';

/** An option that takes a duration, or a number of seconds, which is what command lines mean by a number. */
export function durationOption(flags: string, description: string, fallback: Duration): Option {
  return new Option(flags, description)
    .default(toMs(fallback), fallback as string)
    .argParser((text) => {
      const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : parseDuration(text);
      if (ms === undefined || ms <= 0) {
        throw new InvalidArgumentError(
          "It is a duration such as '500ms', '5s' or 5, which is seconds.",
        );
      }
      return ms;
    });
}

/** An option that takes a whole number within bounds. */
export function integerOption(
  flags: string,
  description: string,
  { min, max, fallback }: { min: number; max: number; fallback?: number },
): Option {
  const option = new Option(flags, description).argParser((text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`);
  });
  return fallback === undefined ? option : option.default(fallback);
}

/** How a report is printed. */
export const outputOption = (): Option =>
  new Option('--output <form>', 'form of the output')
    .choices(['console', 'json'])
    .default('console');
