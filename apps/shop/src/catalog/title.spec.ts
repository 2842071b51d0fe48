import { describe, expect, it } from '@jest/globals';
import { readableTitle } from './title.js';

describe('readableTitle', () => {
  it.each([
    ['SET/6 RED SPOTTY PAPER CUPS', 'Set of 6 Red Spotty Paper Cups'],
    ['PACK OF 12 HEARTS DESIGN TISSUES', 'Pack of 12 Hearts Design Tissues'],
    ['WHITE HANGING HEART T-LIGHT HOLDER', 'White Hanging Heart T-Light Holder'],
    ["I'M ON HOLIDAY METAL SIGN", "I'm on Holiday Metal Sign"],
    ['VIP PASSPORT COVER', 'VIP Passport Cover'],
    ['3D HEARTS HONEYCOMB PAPER GARLAND', '3D Hearts Honeycomb Paper Garland'],
    ['PINK/WHITE CHRISTMAS TREE 60CM', 'Pink/White Christmas Tree 60cm'],
    ['LETTER "A" BLING KEY RING', 'Letter "A" Bling Key Ring'],
  ])('writes %s as %s', (description, title) => {
    expect(readableTitle(description)).toBe(title);
  });

  it.each([
    ['ROTATING SILVER ANGELS T-LIGHT HLDR', 'Rotating Silver Angels T-Light Holder'],
    ['ASSTD RASTA KEY-CHAINS', 'Assorted Rasta Key-Chains'],
    ['SILVER/M.O.P PENDANT ORBIT NECKLACE', 'Silver/Mother of Pearl Pendant Orbit Necklace'],
    ['FLOWER GLASS GARLD NECKL36"TURQUOIS', 'Flower Glass Garland Necklace 36" Turquoise'],
    ["PINK B'FLY C/COVER W BOBBLES", 'Pink Butterfly Cushion Cover with Bobbles'],
    ['SET 10 CARDS SNOWY ROBIN 17099', 'Set of 10 Cards Snowy Robin'],
  ])('spells out %s', (description, title) => {
    expect(readableTitle(description)).toBe(title);
  });

  it.each([
    ['KEY FOB , SHED', 'Key Fob, Shed'],
    ['FANCY FONT BIRTHDAY CARD,', 'Fancy Font Birthday Card'],
    ['LUNCH BAG BLACK SKULL.', 'Lunch Bag Black Skull'],
    ['CHARLIE+LOLA"EXTREMELY BUSY" SIGN', 'Charlie & Lola "Extremely Busy" Sign'],
    ['SMALL FOLDING SCISSOR(POINTED EDGE)', 'Small Folding Scissor (Pointed Edge)'],
  ])('sets the punctuation of %s', (description, title) => {
    expect(readableTitle(description)).toBe(title);
  });
});
