/** Somebody who keeps the cookies that an application sets, and sends them back. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** `Set-Cookie` of the last answer. */
  lastCookies: readonly string[] = [];

  constructor(
    private readonly send: (path: string, init?: RequestInit) => Promise<Response>,
    private readonly userAgent = 'test',
    private readonly headers: Record<string, string> = {},
  ) {}

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.send(path, {
      ...init,
      headers: {
        'user-agent': this.userAgent,
        ...this.headers,
        ...(cookie !== '' && { cookie }),
        ...(init.headers as Record<string, string>),
      },
    });
    this.lastCookies = response.headers.getSetCookie();
    for (const line of this.lastCookies) this.#keep(line);
    return response;
  }

  async get<T = unknown>(path: string): Promise<T> {
    return (await (await this.request(path)).json()) as T;
  }

  async post<T = unknown>(path: string, body: object = {}): Promise<T> {
    const response = await this.request(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    return (await response.json()) as T;
  }

  /** Another one with the same cookies. */
  copy(): Browser {
    const copy = new Browser(this.send, this.userAgent, this.headers);
    for (const [name, value] of this.cookies) copy.cookies.set(name, value);
    return copy;
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    const expires = attributes.find((attribute) => /^expires=/i.test(attribute));
    const isOver =
      expires !== undefined && Date.parse(expires.slice('expires='.length)) <= Date.now();
    if (isOver) this.cookies.delete(name);
    else this.cookies.set(name, pair.slice(at + 1));
  }
}
