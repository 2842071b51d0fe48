/** The colours of one illustration, as CSS colours; `main` may also be a reference to a pattern. */
export interface Palette {
  readonly paper: string;
  readonly paperEdge: string;
  readonly main: string;
  readonly dark: string;
  readonly light: string;
  readonly accent: string;
}

type Hsl = readonly [hue: number, saturation: number, lightness: number];

/** The colour words of the titles; the first one found in a title is the colour of the thing. */
const named: Readonly<Record<string, Hsl>> = {
  pink: [340, 62, 74],
  fuchsia: [322, 66, 58],
  raspberry: [336, 58, 50],
  red: [4, 64, 54],
  ruby: [350, 62, 42],
  burgundy: [345, 48, 34],
  orange: [24, 80, 60],
  amber: [36, 78, 56],
  gold: [44, 58, 56],
  yellow: [46, 84, 64],
  lime: [78, 52, 54],
  olive: [66, 30, 42],
  green: [142, 32, 46],
  mint: [158, 38, 70],
  jade: [162, 38, 46],
  pistachio: [92, 34, 66],
  turquoise: [178, 46, 50],
  teal: [182, 46, 36],
  aqua: [186, 48, 60],
  blue: [212, 48, 56],
  midnight: [224, 46, 32],
  lilac: [268, 42, 74],
  lavender: [258, 38, 70],
  purple: [276, 36, 52],
  amethyst: [278, 36, 56],
  brown: [24, 32, 40],
  chocolate: [20, 38, 32],
  copper: [20, 50, 50],
  natural: [34, 36, 62],
  wooden: [30, 40, 56],
  wood: [30, 40, 56],
  wicker: [34, 42, 58],
  zinc: [206, 10, 66],
  silver: [210, 10, 74],
  grey: [214, 8, 58],
  black: [250, 8, 24],
  strawberry: [354, 66, 60],
  cherry: [350, 62, 48],
  christmas: [152, 38, 34],
  retrospot: [4, 64, 54],
  vintage: [196, 24, 52],
};

/** Things in these colours would vanish on a pale paper: they get a coloured one. */
const pale: Readonly<Record<string, Hsl>> = {
  white: [40, 20, 97],
  ivory: [42, 52, 92],
  cream: [42, 56, 90],
  clear: [200, 30, 94],
  crystal: [200, 34, 92],
  pearl: [30, 26, 93],
};

/** For a title without a colour word: quiet colours that go together on one page. */
const quiet: readonly Hsl[] = [
  [12, 46, 62],
  [34, 54, 62],
  [88, 22, 52],
  [160, 24, 48],
  [192, 34, 50],
  [214, 34, 58],
  [262, 24, 62],
  [338, 40, 66],
];

const css = ([hue, saturation, lightness]: Hsl): string =>
  `hsl(${hue} ${saturation}% ${Math.max(0, Math.min(100, lightness))}%)`;
const shade = ([hue, saturation, lightness]: Hsl, by: number): Hsl => [
  hue,
  saturation,
  lightness + by,
];

/** @param seed picks among the quiet colours; the same seed, the same colours */
export function paletteOf(words: readonly string[], seed: number): Palette {
  const fallback = quiet[seed % quiet.length] ?? [34, 54, 62];
  const coloured = words.map((word) => named[word]).filter((colour) => colour !== undefined);
  const paleColour = words.map((word) => pale[word]).find((colour) => colour !== undefined);
  const main = coloured[0] ?? paleColour ?? fallback;
  const accent = coloured[1] ?? paleColour ?? shade([(main[0] + 34) % 360, main[1], main[2]], 10);
  const isPale = main[2] > 86;
  const paper: Hsl = isPale ? [fallback[0], 26, 78] : [main[0], Math.min(46, main[1]), 93];
  return {
    paper: css(paper),
    paperEdge: css(shade(paper, -6)),
    main: css(main),
    dark: css(shade(main, main[2] < 30 ? 18 : -18)),
    light: css(main[2] > 86 ? [main[0], main[1], 99] : shade(main, main[2] < 30 ? 34 : 17)),
    accent: css(accent),
  };
}
