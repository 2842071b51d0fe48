/** The end of the keys of a version. Caches whose values never changed their form have none. */
export const versionSuffix = (version = 1): string => (version === 1 ? '' : `:${version}`);

/**
 * The key of an entry in its own version, in the one before and in the one after: what a process of the deployment before
 * or after this one may have stored of it.
 */
export function inNeighbourVersions(entryKey: string, version: number): string[] {
  const first = entryKey.slice(0, entryKey.length - versionSuffix(version).length);
  return [version - 1, version, version + 1]
    .filter((other) => other >= 1)
    .map((other) => `${first}${versionSuffix(other)}`);
}
