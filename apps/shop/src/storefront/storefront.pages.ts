import { Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import { fileURLToPath } from 'node:url';
import type { CategoryCount } from '../catalog/catalog.service.js';
import { categoryName } from '../catalog/categories.js';
import type { Listing } from '../catalog/product-listing.js';
import type { Product } from '../catalog/product.repository.js';
import type { CartLine } from '../cart/cart.service.js';
import type { SessionInfo } from 'nestjs-redis-kit/session';
import { formatMs, RequestTrace, type TraceSummary } from '../operations/request-trace.js';
import { Assets } from './assets.js';
import { illustrate } from './illustration/illustration.js';
import { listingUrl, pageLinks, type PageLink, sortChoices } from './listing-links.js';

export interface ListingPage {
  readonly listing: Listing;
  /** What the visitor typed, to be shown again. */
  readonly search: string;
  readonly products: readonly Product[];
  readonly total: number;
  readonly categories: readonly CategoryCount[];
}

export interface ProductPageContent {
  readonly product: Product;
  readonly related: readonly Product[];
}

export interface ErrorPage {
  readonly status: number;
  readonly title: string;
  readonly message: string;
}

/** What the welcome shows: drawings like those of the products, not products. */
const welcomePictures = [
  'Red Retrospot Mug',
  'Green Heart Lantern',
  'Yellow Flower',
  'Blue Polkadot Bunting',
].map((title, index) => illustrate({ id: title, title, category: 'ornaments' }, `w${index}`));

/** The pages of the shop as HTML. */
@Injectable()
export class StorefrontPages {
  readonly assets = new Assets();
  readonly #eta = new Eta({
    views: fileURLToPath(new URL('../../views', import.meta.url)),
    cache: true,
    autoTrim: ['nl', 'nl'],
  });

  constructor(private readonly trace: RequestTrace) {}

  listing({ listing, search, products, total, categories }: ListingPage): string {
    const lastPage = Math.max(1, Math.ceil(total / listing.pageSize));
    const category = listing.category === undefined ? undefined : categoryName(listing.category);
    return this.#render('listing', {
      title: search || category || 'Gifts and small things for home and garden',
      search,
      category,
      listing,
      welcomePictures,
      isHome: search === '' && category === undefined && listing.page === 1,
      cards: products.map((product, index) => this.#card(product, `${index}`)),
      total,
      announcement: countText(listing, products.length, total),
      allProducts: categories.reduce((sum, { products: count }) => sum + count, 0),
      categories: categories.map((item) => ({
        ...item,
        url: listingUrl({ search, category: item.slug }),
        isCurrent: item.slug === listing.category,
      })),
      everywhereUrl: listingUrl({ search }),
      sorts: sortChoices(listing),
      pages: pageLinks(listing, search, lastPage) satisfies readonly PageLink[],
      lastPage,
    });
  }

  product({ product, related }: ProductPageContent): string {
    return this.#render('product', {
      title: product.title,
      search: '',
      product,
      price: formatPence(product.pricePence),
      category: categoryName(product.category),
      categoryUrl: listingUrl({ category: product.category }),
      illustration: illustrate(product, 'main'),
      stock: stockText(product.stock),
      related: related.map((item, index) => this.#card(item, `r${index}`)),
    });
  }

  login(
    form: 'login' | 'register',
    { email = '', message }: { email?: string; message?: string } = {},
  ): string {
    const isNew = form === 'register';
    return this.#render('login', {
      title: isNew ? 'Create an account' : 'Log in',
      search: '',
      action: `/account/${form}`,
      ...{ isNew, email, message },
    });
  }

  devices(sessions: readonly SessionInfo[]): string {
    const devices = sessions.map(({ device, handle, isCurrent, lastSeenAt }) => ({
      ...{ handle, isCurrent, name: device.name },
      details: [device.browser, device.os, device.ip, `last seen ${formatTime(lastSeenAt)}`]
        .filter(Boolean)
        .join(' · '),
    }));
    return this.#render('devices', { title: 'Your devices', search: '', devices });
  }

  cart(lines: readonly CartLine[]): string {
    const total = lines.reduce((sum, line) => sum + line.product.pricePence * line.quantity, 0);
    return this.#render('cart', {
      title: 'Your basket',
      search: '',
      total: formatPence(total),
      lines: lines.map(({ product, quantity }) => ({
        ...{ quantity, title: product.title, price: formatPence(product.pricePence) },
        url: `/products/${encodeURIComponent(product.id)}`,
        total: formatPence(product.pricePence * quantity),
      })),
    });
  }

  error(page: ErrorPage): string {
    return this.#render('error', { search: '', ...page });
  }

  #card(product: Product, key: string): object {
    return {
      ...product,
      url: `/products/${encodeURIComponent(product.id)}`,
      price: formatPence(product.pricePence),
      categoryName: categoryName(product.category),
      illustration: illustrate(product, key),
      stockText: stockText(product.stock),
    };
  }

  /** The layout is rendered after the page itself, so what the strip shows includes the page. */
  #render(view: string, data: object): string {
    return this.#eta.render(view, {
      ...data,
      asset: this.assets.url.bind(this.assets),
      strip: () => stripOf(this.trace.current?.summary()),
    });
  }
}

/** `1–24 of 3,891 products` */
export function countText({ page, pageSize }: Listing, shown: number, total: number): string {
  const number = (value: number): string => value.toLocaleString('en-GB');
  const products = `${total === 0 ? 'No' : number(total)} ${total === 1 ? 'product' : 'products'}`;
  if (shown === 0) return products;
  const before = (page - 1) * pageSize;
  return `${number(before + 1)}–${number(before + shown)} of ${products}`;
}

/** `£4.25`, `85p` */
export function formatPence(pence: number): string {
  return pence < 100 ? `${pence}p` : `£${(pence / 100).toFixed(2)}`;
}

/** `23 Nov 2026, 15:04 UTC` */
export function formatTime(time: Date): string {
  const text = time.toLocaleString('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  return `${text} UTC`;
}

export function stockText(stock: number): { text: string; kind: 'out' | 'low' | 'in' } {
  if (stock === 0) return { text: 'Sold out', kind: 'out' };
  if (stock <= 5) return { text: `Only ${stock} left`, kind: 'low' };
  return { text: 'In stock', kind: 'in' };
}

interface Strip {
  readonly kind: 'hit' | 'miss' | 'bypass';
  readonly parts: readonly string[];
}

/** What the request just made found, in words; nothing is shown that was not measured. */
export function stripOf(summary: TraceSummary | undefined): Strip | undefined {
  if (!summary) return undefined;
  const { outcome, hits, reads, cacheUnavailable, catalogueMs, totalMs } = summary;
  const page = `page ${formatMs(totalMs)} ms`;
  if (reads === 0) return { kind: outcome, parts: ['cache not asked', page] };
  const found = cacheUnavailable ? 'cache away' : `cache ${outcome}`;
  return {
    kind: outcome,
    parts: [found, `${hits} of ${reads}`, `catalogue ${formatMs(catalogueMs)} ms`, page],
  };
}
