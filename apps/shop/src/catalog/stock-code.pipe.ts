import { Injectable, NotFoundException, type PipeTransform } from '@nestjs/common';

const stockCode = /^[0-9A-Za-z]{1,12}$/;

/** Turns away what cannot be a stock code, before it becomes a cache key or a query. */
@Injectable()
export class StockCodePipe implements PipeTransform<string, string> {
  /** @throws NotFoundException as for any product that does not exist */
  transform(id: string): string {
    if (!stockCode.test(id)) throw productNotFound(id);
    return id;
  }
}

export function productNotFound(id: string): NotFoundException {
  return new NotFoundException(`There is no product "${id.slice(0, 40)}"`);
}
