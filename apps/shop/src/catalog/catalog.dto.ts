import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
} from 'class-validator';
import { categories } from './categories.js';
import { defaultPageSize, type ProductSort, productSorts } from './product-listing.js';

const categorySlugs = categories.map(({ slug }) => slug);

/** An empty field of a form is a field that was not filled in. */
const EmptyIsMissing = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** Queries are text; what is not a whole number stays as it is, for the validator to name. */
const WholeNumber = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => {
    if (value === '') return undefined;
    return typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
  });

const between = (name: string, from: number, to: number): { message: string } => ({
  message: `${name} must be a whole number from ${from} to ${to}`,
});
const page = between('page', 1, 10_000);
const pageSize = between('pageSize', 1, 100);
const price = between('pricePence', 1, 10_000_000);
const stock = between('stock', 0, 1_000_000);

export class ProductQueryDto {
  @ApiPropertyOptional({
    description:
      'Words that must all occur in a title, from their beginnings on: "lant" finds lanterns.',
    maxLength: 100,
    example: 'lant',
  })
  @EmptyIsMissing()
  @IsOptional()
  @IsString({ message: 'search must be one text of at most 100 characters' })
  @MaxLength(100, { message: 'search must be one text of at most 100 characters' })
  readonly search?: string;

  @ApiPropertyOptional({ enum: categorySlugs, description: 'Slug of a category.' })
  @EmptyIsMissing()
  @IsOptional()
  @IsIn(categorySlugs, { message: `category must be one of ${categorySlugs.join(', ')}` })
  readonly category?: string;

  @ApiPropertyOptional({
    enum: productSorts,
    description:
      'Default: relevance, which without a search is the same as newest. Newest are the lines the retailer numbered last.',
  })
  @EmptyIsMissing()
  @IsOptional()
  @IsIn(productSorts, { message: `sort must be one of ${productSorts.join(', ')}` })
  readonly sort?: ProductSort;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 10_000, default: 1 })
  @WholeNumber()
  @IsOptional()
  @IsInt(page)
  @Min(1, page)
  @Max(10_000, page)
  readonly page?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: defaultPageSize })
  @WholeNumber()
  @IsOptional()
  @IsInt(pageSize)
  @Min(1, pageSize)
  @Max(100, pageSize)
  readonly pageSize?: number;
}

export class ProductDto {
  @ApiProperty({ description: 'Stock code.', example: '22423' })
  readonly id!: string;

  @ApiProperty({ example: 'Regency Cakestand 3 Tier' })
  readonly title!: string;

  @ApiProperty({ enum: categorySlugs })
  readonly category!: string;

  @ApiProperty({ type: 'integer', description: 'Price in pence (GBP).', example: 1275 })
  readonly pricePence!: number;

  @ApiProperty({ type: 'integer', description: 'Pieces in stock.', example: 48 })
  readonly stock!: number;
}

export class ProductPageDto {
  @ApiProperty({ type: [ProductDto] })
  readonly items!: readonly ProductDto[];

  @ApiProperty({ type: 'integer', description: 'Number of products on all pages together.' })
  readonly total!: number;

  @ApiProperty({ type: 'integer' })
  readonly page!: number;

  @ApiProperty({ type: 'integer' })
  readonly pageSize!: number;
}

export class CategoryDto {
  @ApiProperty({ example: 'lighting' })
  readonly slug!: string;

  @ApiProperty({ example: 'Candles & Lighting' })
  readonly name!: string;

  @ApiProperty({ type: 'integer', description: 'Number of products in it.' })
  readonly products!: number;
}

export class ProductChangeDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 10_000_000,
    description: 'New price in pence.',
  })
  @ValidateIf(
    ({ pricePence, stock: given }: ProductChangeDto) =>
      pricePence !== undefined || given === undefined,
    {
      message: 'The change must hold pricePence, stock, or both',
    },
  )
  @IsInt(price)
  @Min(1, price)
  @Max(10_000_000, price)
  readonly pricePence?: number;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    description: 'New number of pieces.',
  })
  @ValidateIf(({ stock: given }: ProductChangeDto) => given !== undefined)
  @IsInt(stock)
  @Min(0, stock)
  @Max(1_000_000, stock)
  readonly stock?: number;
}

export class StockCountDto {
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 1_000_000, example: 48 })
  @IsInt(stock)
  @Min(0, stock)
  @Max(1_000_000, stock)
  readonly stock!: number;
}

export class ProductChangedDto {
  @ApiProperty({ type: ProductDto })
  readonly product!: ProductDto;

  @ApiProperty({
    enum: ['current', 'until-redis-is-back'],
    description:
      '`current`: the product and all lists show the change everywhere now. `until-redis-is-back`: Redis could not be told; ' +
      'other processes of the shop may show the old values until it is, or until these expire.',
  })
  readonly freshness!: 'current' | 'until-redis-is-back';
}
