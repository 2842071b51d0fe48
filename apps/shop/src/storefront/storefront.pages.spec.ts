import { describe, expect, it } from '@jest/globals';
import { toListing } from '../catalog/product-listing.js';
import { RequestTrace, TraceRecord } from '../operations/request-trace.js';
import { countText, formatPence, stockText, StorefrontPages, stripOf } from './storefront.pages.js';

const product = {
  id: '22423',
  title: 'Cakestand <3 & "Tiers"',
  category: 'kitchen',
  pricePence: 1275,
  stock: 3,
};

describe('StorefrontPages', () => {
  const pages = new StorefrontPages(new RequestTrace());

  it('shows what was typed and what was found as text, never as markup', () => {
    const html = pages.listing({
      listing: toListing({ search: 'x' }),
      search: '"><script>alert(1)</script>',
      isHome: true,
      products: [product],
      total: 1,
      categories: [],
      mostViewed: [{ ...product, title: 'Bird <b>house' }],
    });
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('Cakestand &lt;3 &amp; &quot;Tiers&quot;');
    expect(html).toContain('of 1 product<');
    expect(html).toContain('Most viewed today');
    expect(html).toContain('Bird &lt;b&gt;house');
  });

  it('has no strip outside a request', () => {
    expect(pages.error({ status: 404, title: 'Gone', message: 'Not here' })).not.toContain(
      'id="request-strip"',
    );
  });

  it('shows in the strip what the request did', () => {
    const trace = new RequestTrace();
    const record = new TraceRecord();
    record.add('hit', 0.4);
    const html = trace.run(record, () =>
      new StorefrontPages(trace).product({ product, related: [] }),
    );
    expect(html).toContain('strip-hit');
    expect(html).toContain('cache hit');
    expect(html).toContain('1 of 1');
    expect(html).toContain('£12.75');
    expect(html).toContain('Only 3 left');
  });
});

describe('stripOf', () => {
  const summary = {
    outcome: 'hit',
    hits: 2,
    reads: 2,
    cacheUnavailable: false,
    catalogueMs: 0.4,
    totalMs: 3.1,
  } as const;

  it('says what was measured', () => {
    expect(stripOf(summary)?.parts).toEqual([
      'cache hit',
      '2 of 2',
      'catalogue 0.40 ms',
      'page 3.1 ms',
    ]);
  });

  it('says that the cache was away, or not asked', () => {
    const away = { ...summary, outcome: 'bypass', hits: 0, cacheUnavailable: true } as const;
    expect(stripOf(away)?.parts[0]).toBe('cache away');
    expect(stripOf({ ...summary, outcome: 'bypass', hits: 0, reads: 0 })?.parts).toEqual([
      'cache not asked',
      'page 3.1 ms',
    ]);
  });
});

describe('the words for numbers', () => {
  it.each([
    [{ page: 1 }, 24, 3891, '1–24 of 3,891 products'],
    [{ page: 50 }, 24, 3891, '1,177–1,200 of 3,891 products'],
    [{ page: 1 }, 1, 1, '1–1 of 1 product'],
    [{ page: 1 }, 0, 0, 'No products'],
    [{ page: 9 }, 0, 20, '20 products'],
  ])('on %j writes %d of %d as %s', (request, shown, total, text) => {
    expect(countText(toListing(request), shown, total)).toBe(text);
  });

  it.each([
    [4, '4p'],
    [100, '£1.00'],
    [1275, '£12.75'],
  ])('writes %d pence as %s', (pence, text) => {
    expect(formatPence(pence)).toBe(text);
  });

  it.each([
    [0, 'Sold out'],
    [5, 'Only 5 left'],
    [6, 'In stock'],
  ])('calls %d pieces %s', (stock, text) => {
    expect(stockText(stock).text).toBe(text);
  });
});
