// @ts-check

/** @typedef {ReturnType<typeof makeProduct>} Product */

const COLOURS = ['ivory', 'crème', 'sage', 'slate blue', 'terracotta', 'charcoal', 'rosé'];
const MATERIALS = ['stoneware', 'enamel', 'linen', 'oak', 'recycled glass'];

/**
 * A product as a shop keeps it in its cache, about 1 KB as JSON. It holds nothing but what JSON can carry, so every
 * contender gives back the same value. The same id makes an equal product, and each time a new one.
 * @param {string} id
 */
export function makeProduct(id) {
  let seed = 0;
  for (let at = 0; at < id.length; at++) seed = (seed * 31 + id.charCodeAt(at)) % 1_000_003;
  const colour = COLOURS[seed % COLOURS.length];
  const material = MATERIALS[seed % MATERIALS.length];
  return {
    id,
    sku: `SKU-${id}-${seed}`,
    title: `Set of four ${material} mugs, ${colour}`,
    slug: `set-of-four-${material}-mugs-${id}`,
    category: { id: 40 + (seed % 12), path: ['Home', 'Kitchen', 'Tableware', 'Mugs'] },
    price: { amountMinor: 1_295 + (seed % 4_000), currency: 'GBP', vatRate: 0.2 },
    description:
      `Hand finished in small batches, each mug holds 350 ml and is glazed in ${colour}. ` +
      'Safe in the dishwasher and the microwave. The base is left raw, so no two are quite the same. ' +
      'Sent in a box made of recycled card, with a care leaflet and a thank-you note.',
    images: [1, 2, 3].map((n) => ({
      url: `https://images.example.com/products/${id}/${n}.webp`,
      width: 1_200,
      height: 900,
    })),
    attributes: {
      material,
      colour,
      capacityMl: 350,
      weightG: 410 + (seed % 90),
      madeIn: 'Portugal',
    },
    stock: { available: seed % 240, reserved: seed % 7, warehouse: 'LDN-2' },
    rating: { average: 3.5 + (seed % 15) / 10, count: seed % 900 },
    tags: ['gift', 'kitchen', 'bestseller'],
    isActive: true,
    discount: null,
    updatedAt: '2026-03-14T09:26:53.589Z',
  };
}
