/** Structured Field Values for HTTP (RFC 9651), as far as they are written here. */

/** The largest Integer of the format, in either direction (§3.3.1). */
const LARGEST_INTEGER = 999_999_999_999_999;

/** Text a String can hold (§3.3.3): ASCII that can be printed. No line break, so nothing is added to a response with it. */
export const isFieldText = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** A String item. @throws RangeError for text that a String cannot hold */
export function fieldString(text: string): string {
  if (!isFieldText(text)) {
    throw new RangeError(`${JSON.stringify(text)} cannot stand in a structured field`);
  }
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** A non-negative Integer, as near to `value` as the format allows. */
export const fieldInteger = (value: number): string =>
  String(Math.min(LARGEST_INTEGER, Math.max(0, Math.trunc(value) || 0)));

/** An item with its parameters; those without a value are left out. */
export function fieldItem(
  item: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  return Object.entries(parameters).reduce(
    (text, [name, value]) => (value === undefined ? text : `${text};${name}=${value}`),
    item,
  );
}

/** A List of items. */
export const fieldList = (items: readonly string[]): string => items.join(', ');
