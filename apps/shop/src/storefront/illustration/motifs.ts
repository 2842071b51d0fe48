/** What is printed on a thing: the words of a title that ask for it, and one tile of it in the given colour. */
interface Motif {
  readonly words: RegExp;
  readonly size: number;
  readonly tile: (ink: string) => string;
}

const motifs: readonly Motif[] = [
  {
    words: /polkadot|retrospot|spot(?:s|ty|ted)?\b/i,
    size: 16,
    tile: (ink) =>
      `<circle cx="4" cy="4" r="2.6" fill="${ink}"/><circle cx="12" cy="12" r="2.6" fill="${ink}"/>`,
  },
  {
    words: /gingham|check|tartan|patchwork|quilt/i,
    size: 14,
    tile: (ink) =>
      `<path d="M0 0h7v14H0z" fill="${ink}" opacity=".45"/><path d="M0 0h14v7H0z" fill="${ink}" opacity=".45"/>`,
  },
  {
    words: /strip(?:e|es|ey|y)\b|deckchair|ticking/i,
    size: 12,
    tile: (ink) => `<path d="M0 0h5v12H0z" fill="${ink}"/>`,
  },
  {
    words: /\bhearts?\b|sweetheart|\blove\b|valentine/i,
    size: 22,
    tile: (ink) =>
      `<path d="M11 16 5.5 10.4a3.6 3.6 0 0 1 5.5-4.5 3.6 3.6 0 0 1 5.5 4.5z" fill="${ink}"/>`,
  },
  {
    words: /\bstars?\b/i,
    size: 22,
    tile: (ink) =>
      `<path d="m11 5 1.8 3.9 4.2.5-3.1 2.9.8 4.2-3.7-2.1-3.7 2.1.8-4.2L5 9.4l4.2-.5z" fill="${ink}"/>`,
  },
  {
    words:
      /flor|flower|rose|daisy|blossom|posy|posies|peony|botanical|hibiscus|paisley|doll(?:y|ies)|doil/i,
    size: 24,
    tile: (ink) =>
      `<g fill="${ink}"><circle cx="12" cy="7.6" r="2.8"/><circle cx="16.2" cy="10.6" r="2.8"/><circle cx="14.6" cy="15.5" r="2.8"/><circle cx="9.4" cy="15.5" r="2.8"/><circle cx="7.8" cy="10.6" r="2.8"/></g>`,
  },
  {
    words: /leaf|leaves|woodland|forest|fern|garden|apple|pear\b|tree/i,
    size: 24,
    tile: (ink) => `<path d="M6 18C6 9 11 5 19 5c0 8-4 13-13 13zm0 0 8-8" fill="${ink}"/>`,
  },
  {
    words:
      /union (?:jack|flag|stripe)|scandi|empire|circus|spaceboy|skull|zig|lattice|moroccan|baroque/i,
    size: 18,
    tile: (ink) => `<path d="m9 2 7 7-7 7-7-7z" fill="none" stroke="${ink}" stroke-width="2.2"/>`,
  },
];

/** An SVG `<pattern>` for what the title says is printed on the thing; `undefined` when it says nothing. */
export function patternOf(
  title: string,
  id: string,
  base: string,
  ink: string,
): string | undefined {
  const motif = motifs.find(({ words }) => words.test(title));
  if (!motif) return undefined;
  const { size } = motif;
  return (
    `<pattern id="${id}" width="${size}" height="${size}" patternUnits="userSpaceOnUse">` +
    `<path d="M0 0h${size}v${size}H0z" fill="${base}"/>${motif.tile(ink)}</pattern>`
  );
}
