import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCatalogue } from './catalog.seed.js';
import { categories, categoryName, categoryOf } from './categories.js';

describe('categoryOf', () => {
  it.each([
    ['Jumbo Bag Red Retrospot', 'bags'],
    ['50s Christmas Gift Bag Large', 'christmas'],
    ['Red Retrospot Oven Glove', 'kitchen'],
    ['Red Retro Kitchen Wall Clock', 'wall-decor'],
    ['Pink Fairy Cake Cushion Cover', 'textiles-bath'],
    ['Hanging Heart Zinc T-Light Holder', 'lighting'],
    ['Folkart Heart Napkin Rings', 'tableware'],
    ['Diamante Ring Assorted in Box', 'jewellery'],
    ['Blue Stripe Ceramic Drawer Knob', 'storage'],
    ['Childs Garden Trowel Pink', 'garden'],
    ['12 Pencils Small Tube Skull', 'stationery'],
  ])('puts %s in %s', (title, category) => {
    expect(categoryOf(title)).toBe(category);
  });

  it('finds words in any number, and no word inside another', () => {
    expect(categoryOf('Two Candles')).toBe('lighting');
    expect(categoryOf('Chandlery')).toBe('other');
  });
});

describe('the categories of the catalogue', () => {
  const rows = parseCatalogue(
    readFileSync(new URL('../../data/products.csv', import.meta.url), 'utf8'),
  );
  const sizes = new Map(categories.map(({ slug }) => [slug, 0]));
  for (const { category } of rows) sizes.set(category, (sizes.get(category) ?? 0) + 1);

  it('leave less than one product in a hundred without a category', () => {
    expect((sizes.get('other') ?? 0) / rows.length).toBeLessThan(0.01);
  });

  it('are each worth opening', () => {
    const small = [...sizes].filter(([slug, size]) => slug !== 'other' && size < 50);
    expect(small).toEqual([]);
  });

  it('have a name each', () => {
    expect(new Set(categories.map(({ slug }) => categoryName(slug))).size).toBe(categories.length);
  });
});
