/** What is in a basket: how many of each product, by stock code. */
export type Cart = Readonly<Record<string, number>>;

/** A basket, not a warehouse: also what one session may hold. */
export const mostOfOne = 99;
export const mostProducts = 50;

/** A basket with so many more of a product, as far as it may hold them. */
export function withProduct(cart: Cart, productId: string, quantity = 1): Cart {
  const isNew = !Object.hasOwn(cart, productId);
  if (isNew && Object.keys(cart).length >= mostProducts) return cart;
  const before = isNew ? 0 : (cart[productId] ?? 0);
  return { ...cart, [productId]: Math.min(mostOfOne, before + quantity) };
}
