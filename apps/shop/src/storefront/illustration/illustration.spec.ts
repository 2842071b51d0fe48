import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCatalogue } from '../../catalog/catalog.seed.js';
import { illustrate } from './illustration.js';

const draw = (title: string, category = 'other'): string =>
  illustrate({ id: '1', title, category }, 'k');

describe('illustrate', () => {
  it('draws the thing that the title names, whatever else it mentions', () => {
    expect(draw('Red Heart Mug')).not.toBe(draw('Red Heart Lantern'));
    expect(draw('Danish Chair')).not.toBe(draw('Danish Hair'));
  });

  it('uses the colour and the print of the title', () => {
    expect(draw('Pink Mug')).not.toBe(draw('Blue Mug'));
    expect(draw('Pink Polkadot Mug')).toContain('<pattern id="motif-k"');
    expect(draw('Pink Mug')).not.toContain('<pattern');
  });

  it('draws the same product the same every time', () => {
    expect(draw('Inflatable Globe')).toBe(draw('Inflatable Globe'));
  });

  it('has a drawing for every product', () => {
    const rows = parseCatalogue(
      readFileSync(new URL('../../../data/products.csv', import.meta.url), 'utf8'),
    );
    expect(rows.every((row) => illustrate(row, 'k').startsWith('<svg'))).toBe(true);
  });
});
