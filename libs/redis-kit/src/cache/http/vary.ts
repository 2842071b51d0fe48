type Field = string | readonly string[] | number | undefined;

/** The names in a `Vary` field, in small letters (RFC 9110 §12.5.5). */
export function parseVary(field: Field): Set<string> {
  return new Set(
    [field ?? '']
      .flat()
      .flatMap((line) => String(line).split(','))
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  );
}

/** A `Vary` field with more names; undefined when there are none. `*` swallows the others. */
export function addToVary(field: Field, names: Iterable<string>): string | undefined {
  const all = new Set([...parseVary(field), ...[...names].map((name) => name.toLowerCase())]);
  if (all.has('*')) return '*';
  return all.size > 0 ? [...all].join(', ') : undefined;
}
