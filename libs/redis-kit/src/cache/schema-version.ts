/** Caches whose values never changed their form spell it out nowhere. */
export const versionPart = (version: number): string | undefined =>
  version === 1 ? undefined : String(version);

/**
 * The key of an entry in its own version, in the one before and in the one after: what a process of the deployment before
 * or after this one may have stored of it.
 */
export function inNeighbourVersions(entryKey: string, version: number): string[] {
  const part = versionPart(version);
  const first = part === undefined ? entryKey : entryKey.slice(0, -(part.length + 1));
  return [version - 1, version, version + 1]
    .filter((other) => other >= 1)
    .map((other) => (other === 1 ? first : `${first}:${versionPart(other)}`));
}
