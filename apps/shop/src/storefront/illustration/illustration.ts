import { patternOf } from './motifs.js';
import { paletteOf } from './palette.js';
import { decorShapes } from './shapes-decor.js';
import { giftShapes } from './shapes-gifts.js';
import { homeShapes } from './shapes-home.js';
import { jewelleryShapes } from './shapes-jewellery.js';
import { tableShapes } from './shapes-table.js';
import type { Shape } from './shape.js';

/** What stands in for a thing that no drawing fits, by category; a wrapped present when there is none either. */
const byCategory: Readonly<Record<string, string>> = {
  christmas: 'bauble',
  party: 'balloon',
  'textiles-bath': 'cushion',
  kitchen: 'jar',
  stationery: 'notebook',
  'wall-decor': 'frame',
  jewellery: 'ring',
  'gift-wrap': 'gift',
  bags: 'bag',
  toys: 'teddy',
  lighting: 'candle',
  tableware: 'mug',
  garden: 'plant',
  storage: 'box',
  ornaments: 'star',
};

/** The order is the rule: what a thing is comes before what it shows. */
const shapes: readonly Shape[] = [
  ...jewelleryShapes,
  ...homeShapes,
  ...tableShapes,
  ...giftShapes,
  ...decorShapes,
];

/**
 * A drawing of a product, made from the words of its title: the thing, in the colour and with the print they name. The
 * source has no photographs, and a drawing of the right kind of thing says more than a grey box.
 *
 * @param key makes the ids inside the drawing unique on a page
 */
export function illustrate(
  product: { id: string; title: string; category: string },
  key: string,
): string {
  const words = product.title.toLowerCase().split(/[^a-z]+/);
  const palette = paletteOf(words, seedOf(product.id));
  const pattern = patternOf(product.title, `motif-${key}`, palette.main, palette.light);
  const draw = shapeOf(product.title, product.category).draw;
  return (
    `<svg viewBox="0 0 200 200" aria-hidden="true" focusable="false">` +
    `<defs><radialGradient id="paper-${key}" cx=".4" cy=".3" r=".9"><stop offset="0" stop-color="${palette.paper}"/><stop offset="1" stop-color="${palette.paperEdge}"/></radialGradient>${pattern ?? ''}</defs>` +
    `<path d="M0 0h200v200H0z" fill="url(#paper-${key})"/><ellipse cx="100" cy="160" rx="58" ry="8" fill="#2b2118" opacity=".1"/>` +
    `${draw(pattern === undefined ? palette : { ...palette, main: `url(#motif-${key})` })}</svg>`
  );
}

function shapeOf(title: string, category: string): Shape {
  const matching = (text: string): Shape | undefined =>
    shapes.find(({ words }) => words.test(text));
  const found = matching(title) ?? matching(byCategory[category] ?? 'gift');
  if (!found) throw new Error(`No drawing for the category "${category}"`);
  return found;
}

function seedOf(id: string): number {
  return [...id].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) >>> 0, 7);
}
