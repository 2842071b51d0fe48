import { describe, expect, it } from '@jest/globals';
import { mostOfOne, mostProducts, withProduct, type Cart } from './cart.js';

describe('a basket', () => {
  it('holds what is put into it', () => {
    expect(withProduct(withProduct(withProduct({}, 'a'), 'b'), 'a', 2)).toEqual({ a: 3, b: 1 });
  });

  it('does not hold everything', () => {
    expect(withProduct({ a: mostOfOne }, 'a')).toEqual({ a: mostOfOne });
    let cart: Cart = {};
    for (let at = 0; at <= mostProducts; at++) cart = withProduct(cart, `p${at}`);
    expect(Object.keys(cart)).toHaveLength(mostProducts);
    expect(withProduct(cart, 'p0')['p0']).toBe(2);
  });
});
