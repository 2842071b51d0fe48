import {
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  Scope,
  Sse,
  StreamableFile,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Exclude } from 'class-transformer';
import { HttpCache, type HttpCacheRequest } from 'nestjs-redis-kit';
import { of } from 'rxjs';

/** How often each handler ran, and what the slow ones wait for. */
export const state: {
  runs: Record<string, number>;
  gate: { enter: () => void; open: Promise<void> } | undefined;
} = { runs: {}, gate: undefined };
const count = (name: string): number => (state.runs[name] = (state.runs[name] ?? 0) + 1);

class Product {
  id = '1';
  @Exclude()
  cost = 'secret cost';
  constructor(fields: Partial<Product> = {}) {
    Object.assign(this, fields);
  }
}

/** Takes an API key that no header of HTTP announces, as many applications do. */
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: object; user?: unknown }>();
    const key = (request.headers as Record<string, string>)['x-api-key'];
    if (key) request.user = { id: key };
    return true;
  }
}

const whoIs = ({ headers }: HttpCacheRequest): string =>
  `${headers['authorization'] ?? ''}|${headers['cookie'] ?? ''}|${String(headers['x-api-key'] ?? '')}`;

interface Reply {
  header(name: string, value: string): unknown;
  status(code: number): { send(body: string): unknown };
}

@UseGuards(KeyGuard)
@Controller('pages')
export class Pages {
  @Get('plain/:id')
  plain(@Param('id') id: string) {
    return { id, run: count(`plain-${id}`), at: new Date(0) };
  }

  @Get('slow')
  async slow() {
    const run = count('slow');
    state.gate?.enter();
    await state.gate?.open;
    return { run };
  }

  @Get('failing')
  async failing() {
    const run = count('failing');
    state.gate?.enter();
    await state.gate?.open;
    throw new Error(`no ${run}`);
  }

  @Get('who')
  who(@Req() request: HttpCacheRequest) {
    return { who: whoIs(request), run: count('who') };
  }

  @HttpCache({ varyBy: { user: (request) => (request.user as { id?: string } | undefined)?.id } })
  @Get('mine')
  mine(@Req() request: HttpCacheRequest) {
    return { who: whoIs(request), run: count('mine') };
  }

  @HttpCache({ shared: true })
  @Get('shared')
  shared() {
    return { run: count('shared') };
  }

  @HttpCache({ query: ['page', 'sort'] })
  @Get('list')
  list(@Query('page') page?: string, @Query('sort') sort?: string | string[]) {
    return { page, sort, run: count('list') };
  }

  @HttpCache({ varyBy: { headers: ['Accept-Language'] }, ignoreCookies: [/^_ga/] })
  @Header('Vary', 'Accept-Language')
  @Get('language')
  language(@Req() { headers }: HttpCacheRequest) {
    return { language: headers['accept-language'] ?? 'none', run: count('language') };
  }

  @HttpCache({ tags: ['product:{id}', 'products'], ttl: '1h' })
  @Get('product/:id')
  product(@Param('id') id: string) {
    return { id, run: count('product') };
  }

  @HttpCache({ query: ['q'], tags: ['found:{query.q}'] })
  @Get('search')
  search(@Query('q') q: string) {
    return { length: q.length, run: count('search') };
  }

  @HttpCache(false)
  @Get('excluded')
  excluded() {
    return { run: count('excluded') };
  }

  @Get('set-cookie')
  setCookie(@Res({ passthrough: true }) reply: Reply) {
    const run = count('set-cookie');
    reply.header('set-cookie', `id=${run}`);
    return { run };
  }

  @Get('control/:directive')
  control(@Param('directive') directive: string, @Res({ passthrough: true }) reply: Reply) {
    reply.header('cache-control', directive);
    return { run: count('control') };
  }

  @Get('vary/:name')
  vary(@Param('name') name: string, @Res({ passthrough: true }) reply: Reply) {
    reply.header('vary', name);
    return { run: count('vary') };
  }

  @HttpCache({ statuses: { 404: '1h', 203: '1h' }, headers: ['x-kept'] })
  @Get('status/:code')
  status(@Param('code') code: string, @Res({ passthrough: true }) reply: Reply) {
    const run = count(`status-${code}`);
    if (code === 'thrown') throw new NotFoundException({ run });
    reply.status(Number(code));
    reply.header('x-kept', `kept ${run}`);
    reply.header('x-dropped', `dropped ${run}`);
    reply.header('content-type', 'application/vnd.test+json; charset=utf-8');
    return { run };
  }

  @HttpCache({ statuses: { 404: 1 } })
  @Get('brief')
  brief(): never {
    throw new NotFoundException({ run: count('brief') });
  }

  @HttpCache({ clientsMayReload: true, cacheControl: { maxAge: '1m', scope: 'public' } })
  @Get('reload')
  reload() {
    return { run: count('reload') };
  }

  @Get('manual')
  manual(@Res() reply: Reply) {
    reply.status(200).send(`manual ${count('manual')}`);
  }

  @Get('file')
  file() {
    return new StreamableFile(Buffer.from(`file ${count('file')}`));
  }

  @Get('text')
  text() {
    return `text ${count('text')}`;
  }

  @Get('nothing')
  @HttpCode(200)
  nothing() {
    count('nothing');
  }

  @Redirect('/pages/text')
  @Get('redirect')
  redirect() {
    return { url: `/pages/plain/${count('redirect')}` };
  }

  @Sse('events')
  events() {
    return of({ data: `event ${count('events')}` });
  }

  @Get('instance')
  instance() {
    return [new Product({ id: String(count('instance')) })];
  }

  @Post('plain')
  post() {
    return { run: count('post') };
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
export class ScopedPages {
  constructor(@Inject(REQUEST) private readonly request: HttpCacheRequest) {}

  @HttpCache()
  @Get()
  page() {
    return { method: this.request.method, run: count('scoped') };
  }

  @HttpCache()
  @Get('instance')
  instance() {
    return { product: new Product(), run: count('scoped-instance') };
  }
}
