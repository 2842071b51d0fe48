import Bowser from 'bowser';
import ipaddr from 'ipaddr.js';

/** What a session runs on, as far as the client says. For people to recognize it, not to decide by. */
export interface SessionDevice {
  /** Such as 'Chrome on Windows', or what `login` was given. */
  readonly name: string;
  readonly browser: string | undefined;
  readonly os: string | undefined;
  readonly type: 'desktop' | 'mobile' | 'tablet' | 'tv' | 'bot' | undefined;
  /** The network it came from: the last part of an address is not kept. */
  readonly ip: string | undefined;
}

/** A header may be as long as the server accepts; nobody's browser is. */
const LONGEST_USER_AGENT = 512;
const LONGEST_NAME = 100;

const TYPES = ['desktop', 'mobile', 'tablet', 'tv', 'bot'] as const;

export const UNKNOWN_DEVICE: SessionDevice = {
  name: 'Unknown device',
  browser: undefined,
  os: undefined,
  type: undefined,
  ip: undefined,
};

export function describeDevice(
  { ip, userAgent }: { ip: string | undefined; userAgent: string | undefined },
  name?: string,
): SessionDevice {
  const { browser, os, platform } = userAgent
    ? Bowser.parse(userAgent.slice(0, LONGEST_USER_AGENT))
    : { browser: {}, os: {}, platform: {} };
  const browserName = browser.name || undefined;
  const osName = os.name || undefined;
  return {
    name: (
      name ??
      ([browserName, osName].filter(Boolean).join(' on ') || UNKNOWN_DEVICE.name)
    ).slice(0, LONGEST_NAME),
    browser: browserName && [browserName, majorOf(browser.version)].filter(Boolean).join(' '),
    os: osName && [osName, os.versionName ?? majorOf(os.version)].filter(Boolean).join(' '),
    type: TYPES.find((type) => type === platform.type),
    ip: ip === undefined ? undefined : truncateAddress(ip),
  };
}

/** A device as it was stored, of which nothing is taken for granted. */
export function readDevice(text: string): SessionDevice {
  try {
    const stored = JSON.parse(text) as Partial<Record<keyof SessionDevice, unknown>>;
    const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
    return {
      name: textOf(stored.name) ?? UNKNOWN_DEVICE.name,
      browser: textOf(stored.browser),
      os: textOf(stored.os),
      type: TYPES.find((type) => type === stored.type),
      ip: textOf(stored.ip),
    };
  } catch {
    return UNKNOWN_DEVICE;
  }
}

const majorOf = (version: string | undefined): string | undefined => version?.split('.')[0];

/** The network an address belongs to: /24 of IPv4, /48 of IPv6. */
export function truncateAddress(text: string): string | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  const [kept, bits] = address.kind() === 'ipv4' ? [3, 24] : [6, 48];
  const bytes = address.toByteArray().map((byte, at) => (at < kept ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
