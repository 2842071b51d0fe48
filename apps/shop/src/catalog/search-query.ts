/** Longer searches are cut: nobody types them, and each word costs an index scan. */
const maxWords = 8;

/**
 * The words a search is about, in the form in which they are looked up and cached: lower case, without accents and
 * punctuation, each word once. `"  Lanterns, RED red "` and `"lanterns red"` are the same search.
 */
export function searchWords(search: string | undefined): string[] {
  const words = (search ?? '')
    .normalize('NFKD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase()
    .match(/[\p{Letter}\p{Number}]+/gu);
  return [...new Set(words ?? [])].slice(0, maxWords);
}
