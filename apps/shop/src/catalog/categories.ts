interface CategoryRule {
  /** Stable, used in addresses and in the database. */
  readonly slug: string;
  readonly name: string;
  /** What settles the matter wherever it stands in a title: `cushion cover`, whatever is printed on it. */
  readonly things: string;
  /** What decides when no category's `things` did. */
  readonly words: string;
}

/**
 * The order is the rule: of the things, and then of the words, the first category with a match wins. So the occasion
 * comes before the thing ("Christmas gift bag" is Christmas), and the thing before what is painted on it.
 */
const rules: readonly CategoryRule[] = [
  {
    slug: 'christmas',
    name: 'Christmas',
    things: `christmas, blackchristmas, santa, bauble, snowman, snowmen, snowflake, reindeer, rudolph, advent, nativity, noel,
      yuletide, icicle, jingle, mistletoe, sleigh, candy cane, robin, stocking, holly, elf, angel, snowy, goose feather tree,
      woolly hat sock`,
    words: 'festive, tinsel',
  },
  {
    slug: 'party',
    name: 'Party & Celebrations',
    things: `easter, halloween, valentine, party bag, party invite, party cone, balloon, bunting, paper cup, paper plate, paper napkin,
      confetti, pinata, cordon, paper chain, leis, bendy straw, paper doily, doilies, cake candle, birthday candle, celebration candle,
      place setting, pennant, disco ball, honeycomb`,
    words: 'party, birthday, wedding, celebration, streamer, straw, disco, flag, hawaiian grass',
  },
  {
    slug: 'textiles-bath',
    name: 'Textiles & Bath',
    things: `cushion cover, floor cushion, seat cushion, potpourri cushion, garden cushion, flannel, soap, shower cap, bathroom scale, bathroom set, bathroom hook, compact mirror, pocket mirror, toothbrush,
      plasters, first aid, lip gloss, drawer liner, pill box, bubble bath, tablecloth, hot water bottle, hottie, wheatbag, doormat, door mat, doorstop, door stop, curtain, quilt, throw, rug,
      pouffe, bedspread, eye mask, blanket, pillow, mat red, mat green, mat turquoise, acapulco mat`,
    words:
      'cushion, tapestry, towel, mat, draught, bath, bathroom, toilet, perfume, beauty, lavender heart',
  },
  {
    slug: 'kitchen',
    name: 'Kitchen & Baking',
    things: `oven glove, apron, egg cosy, egg warmer, egg cup, eggcup, egg timer, kitchen timer, cake stand, cakestand, cake case, cake tin, cake mould,
      baking, jelly mould, cookie cutter, biscuit cutter, tea towel, bread bin, measuring, frying pan, rolling pin, storage tin, storage jar, cookie jar, biscuit tin,
      biscuits tin, biscuit barrel, tea caddy, tea cosy, lunch box, snack box, food container, food cover, cake cover, recipe box, kitchen scale, weighing scale, spice tin,
      cooking set, cooking utensil, toastrack, toast rack, petit four, popcorn, jam making, jam jar, jam pot, salt and pepper, bottle opener, chopping board,
      cake slice, fridge magnet, mini cases, squeezer, washing up, peg bag, ironing board, icing, ice cream scoop,
      ice lolly, dish cloth, dishcloth, cutter, spoon rest, pantry hook, colander, sieve, matches, laundry, dustpan, wastepaper bin`,
    words: `kitchen, pantry, cake, cupcake, biscuit, cookie, oven, pan, whisk, spatula, grater, jam, jelly, cheese, butter, spice, sandwich, muffin, toast, food,
      lolly, jar, container, caddy, casserole, tin, tea, coffee, sugar, flask, thermos, cleaning, sponge, bin, peg, egg, doughnut, fridge, microwave, ladle`,
  },
  {
    slug: 'stationery',
    name: 'Stationery & Craft',
    things: `feltcraft, felt craft, sewing, knitting, pin cushion, needle, scissor, patches, tape measure, iron on, sew on, button box, screwdriver, make your own, paper craft, stamp set,
      bookcover tape, notebook, pencil, pen, sketchbook, eraser, sharpener, exercise book, address book, photo album, stationery, writing set, memo,
      chalkboard, blackboard, black board, noticeboard, notice board, drawing slate, magnet, paperweight, ruler, calculator, sticker, letter rack, calendar, bookmark, book mark, tape dispenser,
      paper clip, chalk, book box, book cover, treasure book, scrap book, scrapbook, hole punch, notelet, shopping list, book`,
    words:
      'office, desk, organiser, journal, diary, file, clipboard, slate, alphabet block, crayon, rubber, craft, button, wool, stencil, sequin, reel, trim, kit, yarn, pom-pom, tape, memoboard',
  },
  {
    slug: 'wall-decor',
    name: 'Frames, Clocks & Wall Art',
    things: `wall clock, alarm clock, clock, metal sign, sign, doorsign, photo frame, photoframe, picture frame, wall art, number tile, tile hook, wall mirror, wall plaque,
      plaque, door hanger, poster, canvas, house number, block word, word block, letters, frame`,
    words:
      'print, mirror, picture, wall, photo, tile, letter, art, mosaic, ticket, barometer, dartboard, shutter',
  },
  {
    slug: 'jewellery',
    name: 'Jewellery & Accessories',
    things: `necklace, earring, bracelet, brooch, bangle, choker, lariat, hair clip, hair grip, hair slide, hair comb, hairband, hairclip,
      hairslide, flower cluster slide, phone charm, bag charm, rosebud ring, boudicca ring, diamante ring, crystal ring, glasses case, jewellery, cufflink, sandalwood fan, traveling fan, scarf, sunglasses, tiara,
      ear muff, earmuff, hand warmer, poncho, slipper, sombrero, wristwatch, silk fan, t-shirt, shirt, diamante chain, lipstick`,
    words:
      'pendant, ring, charm, glove, mitten, badge, hair, sock, belt, hat, watch, tie, bling, sarong, rosary, hoop, jet black',
  },
  {
    slug: 'gift-wrap',
    name: 'Cards & Gift Wrap',
    things: `greeting card, birthday card, thank you card, gift bag, gift tag, gift tape, gift wrap, gift box, wrapping, wrap, ribbon, postcard, minicard,
      tissue, parcel, envelope, raffia, card holder, set of 10 card, set of 6 card, paper box, paper boxes`,
    words: 'card, gift, rosette, tag',
  },
  {
    slug: 'bags',
    name: 'Bags & Travel',
    things: `lunch bag, jumbo bag, shoulder bag, handbag, shopping bag, shopper, purse, wallet, tote, backpack, rucksack, washbag, luggage, passport cover, suitcase, satchel, cosmetic,
      make-up, cabin bag, picnic bag, overnight bag, travel bag, drawstring bag, recycling bag, beach bag, key fob, keyring, key ring, key-chain, key chain, umbrella, oyster card, travel card`,
    words: 'travel, passport, holdall, trolley, bag',
  },
  {
    slug: 'toys',
    name: 'Toys & Games',
    things: `toy, doll, jigsaw, game, puzzle, skipping rope, inflatable, playing card, puppet, skittle, yo-yo, ludo, bingo, snakes & ladders, domino, dominoes, spinning top,
      colouring, money bank, money box, piggy bank, savings bank, bib, boomerang, flying disc, monster, helicopter, glider, modelling clay, paint set, naughts & crosses, noughts & crosses, whoopee,
      rocking horse, building block, alphabet blocks, trumpet, dice, dinosaur set, snake set, crawlie set, farmyard, farm animal, robot, rounders, toy tidy, stencil, tool set, quiz, harmonica, sporting fun`,
    words: `teddy, childs, children, childrens, kids, baby, nursery, animal, space cadet, sandcastle, bucket, train, tractor, car, kite, bouncy, marble, bear, monkey, suki, soldier, football, tattoo,
      glow, creepy crawly, playhouse, bubbles, whistle, magic, piggy, bank, circus parade, ninja`,
  },
  {
    slug: 'lighting',
    name: 'Candles & Lighting',
    things: `candle, chocolatecandle, t-light, candleholder, candlestick, candelabra, lantern, lamp, lampshade, fairy light, light, lightbulb, nightlight, chandelier, votive, incense, oil burner,
      torch, ubo-light, silicon cube, candlepot`,
    words: 'wick, scented, scent, fragrance, burner, shade, pillar',
  },
  {
    slug: 'tableware',
    name: 'Tableware',
    things: `napkin ring, mug, saucer, teacup, tumbler, goblet, beaker, jug, teapot, cutlery, teaspoon, chopstick, napkin, serviette, placemat, coaster, table runner, tray, platter, decanter, carafe,
      wine glass, shot glass, champagne, tea plate, dessert plate, cake plate, mixing bowl, dog bowl, cat bowl, glass bowl, fruitbowl, chalice, bowl, plate`,
    words:
      'cup, glass, bottle, dish, fork, knife, spoon, vase, dinner, milk, drinking, wine, cocktail, ashtray, breakfast, cruet, condiment, enamel',
  },
  {
    slug: 'garden',
    name: 'Garden & Outdoor',
    things: `parasol, planter, watering can, plant pot, flower pot, flowerpot, bird house, birdhouse, bird box, bird table, bird feeder, dovecote, hammock, deckchair, windmill, windsock, wind chime, chime,
      picnic, gardening, gardeners, trowel, garden thermometer, thermometer, herb marker, plant marker, potting shed, bicycle, fly swat, cool box, seed, grow, trellis, nesting box, nest box, rain gauge, beach spade, boot`,
    words:
      'garden, plant, beach, shed, insect, camping, cooler, outdoor, bulb, urn, trough, cloche, bell jar, birdcage, zinc pot, sunflower, watering',
  },
  {
    slug: 'storage',
    name: 'Furniture & Storage',
    things: `drawer knob, drawerknob, door knob, trinket box, trinket pot, trinket tray, coat rack, coathanger, key cabinet, cabinet, sideboard, magazine rack, umbrella stand, chest, stool, chair, bench, love seat, shelf, shelves, storage box,
      wall tidy, hook, basket, crate, cupboard, wardrobe, bar stool, washstand, letterbox, letter box, newspaper stand, shoe tidy, storage cube`,
    words:
      'drawer, knob, box, boxes, hanger, rack, table, trinket, trunk, tidy, storage, stand, holder, seat, tub, cube, handle, ladder, safe, screen, unit, partition, hamper',
  },
  {
    slug: 'ornaments',
    name: 'Ornaments & Decorations',
    things: `decoration, garland, wreath, artificial flower, art flower, ornament, hanging heart, figurine, music box, snow globe, snowglobe`,
    words: `hanging, flower, mobile, dove, bird, canary, heart, star, rose, butterfly, dragonfly, cherub, feather, tree, bell, cat, dog, rabbit, bunny, hen, chick, chicken, owl, duck,
      frog, fairy, skull, elephant, pearl, crystal, gem, decorative, horse, gnome, toadstool, mushroom, fruit, leaf, branch, stem, bouquet, posy, pumpkin, moon, lizard, turtle, gecko, shell, stone, model, radio,
      ball, ladybird, snail, pig, sheep, goose, lily, orchid, tulip, hydrangea, blossom, wicker, felt, ceramic ball, geisha, shape, daisy, buddha, metal pears, metal string, sculpture, babushka, birdie`,
  },
];

export interface Category {
  readonly slug: string;
  readonly name: string;
}

const other: Category = { slug: 'other', name: 'Everything Else' };

/** Every category a product can be in, in the order the shop shows them. */
export const categories: readonly Category[] = [
  ...rules.map(({ slug, name }) => ({ slug, name })),
  other,
];

const escape = (word: string): string => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const anyNumber = (word: string): string =>
  word.endsWith('y') ? `${escape(word.slice(0, -1))}(?:y|ys|ies)` : `${escape(word)}(?:s|es)?`;
const pattern = (list: string): RegExp =>
  new RegExp(
    `(?<![a-z])(?:${list
      .trim()
      .split(/\s*,\s*/)
      .map(anyNumber)
      .join('|')})(?![a-z])`,
    'i',
  );

const matchers = [
  ...rules.map(({ slug, things }) => ({ slug, pattern: pattern(things) })),
  ...rules.map(({ slug, words }) => ({ slug, pattern: pattern(words) })),
];

/** The category of a product, from the words of its title; `other` when no word says. */
export function categoryOf(title: string): string {
  return matchers.find((matcher) => matcher.pattern.test(title))?.slug ?? other.slug;
}

export function categoryName(slug: string): string {
  return (categories.find((category) => category.slug === slug) ?? other).name;
}
