import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseCatalogue } from './catalog.seed.js';

const header = 'stock_code,description,unit_price_gbp';

describe('parseCatalogue', () => {
  const rows = parseCatalogue(
    readFileSync(new URL('../../data/products.csv', import.meta.url), 'utf8'),
  );

  it('reads every product of the source, each under its own code', () => {
    expect(rows).toHaveLength(3891);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(3891);
  });

  it('keeps prices in whole pence', () => {
    expect(rows.every(({ pricePence }) => Number.isInteger(pricePence) && pricePence > 0)).toBe(
      true,
    );
    expect(parseCatalogue(`${header}\n22423,REGENCY CAKESTAND 3 TIER,12.75`)[0]).toMatchObject({
      id: '22423',
      title: 'Regency Cakestand 3 Tier',
      pricePence: 1275,
    });
  });

  it('reads quoted fields', () => {
    expect(parseCatalogue(`${header}\r\n90214C,"LETTER ""C"", BLING",0.83\r\n`)[0]).toMatchObject({
      title: 'Letter "C", Bling',
      pricePence: 83,
    });
  });

  it('makes up the same stock on every machine, and leaves some lines sold out', () => {
    expect(rows.find(({ id }) => id === '22423')?.stock).toBe(199);
    const soldOut = rows.filter(({ stock }) => stock === 0).length / rows.length;
    expect(soldOut).toBeGreaterThan(0.05);
    expect(soldOut).toBeLessThan(0.12);
  });

  it('takes only the numbers of the 20000s for a time', () => {
    const [recent, older] = parseCatalogue(`${header}\n23843,PAPER CRAFT,2.08\n85123A,HOLDER,2.95`);
    expect(recent?.introduced).toBe(23843);
    expect(older?.introduced).toBe(0);
  });

  it('names the line that it cannot read', () => {
    expect(() => parseCatalogue(`${header}\n1,GLOBE,0.85\n2,GLOBE,cheap`)).toThrow(
      'Line 3 of the catalogue is not "code,description,price": 2,GLOBE,cheap',
    );
  });
});
