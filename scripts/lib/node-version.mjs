// @ts-check
import { Stop } from './output.mjs';

/** First supported release of each supported line; what is newer than the last line is supported too. */
const SUPPORTED = [
  { major: 20, minor: 19 },
  { major: 22, minor: 12 },
  { major: 24, minor: 0 },
];

/**
 * True when this release can load ES modules with `require`, which the built library counts on.
 * @param {string} version such as `v20.19.0`
 */
export function isSupportedNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major >= 24) return true;
  return SUPPORTED.some((line) => major === line.major && minor >= line.minor);
}

/** Stops with a message when this Node.js is too old for the project. */
export function requireSupportedNode() {
  if (isSupportedNode(process.version)) return;
  throw new Stop(
    `Node.js ${process.version} is not supported: use 20.19 or newer, 22.12 or newer, or 24 and later ` +
      '(https://nodejs.org/en/download).',
  );
}
