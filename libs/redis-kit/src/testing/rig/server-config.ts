/** Directives of redis.conf. A list writes the directive once per value; an empty value is written as `""`. */
export type ServerConfig = Record<string, string | readonly string[]>;

export function renderConfig(config: ServerConfig): string {
  return Object.entries(config)
    .flatMap(([directive, values]) =>
      (typeof values === 'string' ? [values] : values).map(
        (value) => `${directive} ${value === '' ? '""' : value}\n`,
      ),
    )
    .join('');
}
