import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = readonly [Address, number];

/** The part of an IPv6 address that is one customer's at most providers; the rest is theirs to vary. */
export const IPV6_PREFIX = 56;

/**
 * An address as servers and proxies write it: with or without brackets, port and zone. An IPv4 address in IPv6 form is
 * folded by its bits, so that `::ffff:1.2.3.4` and `::ffff:102:304` are the one client they are.
 */
export function parseAddress(text: string): Address | undefined {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text.trim())?.[1];
  const bare = (bracketed ?? text.trim()).replace(/%.*$/, '');
  const withoutPort = bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  // Not every form the parser knows: 0x7f.1 and 010.0.0.1 are not what a server reports.
  if (ipaddr.IPv4.isValidFourPartDecimal(withoutPort)) return ipaddr.IPv4.parse(withoutPort);
  if (!ipaddr.IPv6.isValid(withoutPort)) return undefined;
  const address = ipaddr.IPv6.parse(withoutPort);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** What a client is counted by: its IPv4 address, or the network of its IPv6 address. */
export function addressKey(address: Address, ipv6Prefix: number = IPV6_PREFIX): string {
  if (address.kind() === 'ipv4') return address.toString();
  const bytes = address.toByteArray().map((byte, at) => {
    const kept = Math.min(8, Math.max(0, ipv6Prefix - at * 8));
    return byte & (0xff << (8 - kept));
  });
  return `${ipaddr.fromByteArray(bytes).toString()}/${ipv6Prefix}`;
}

/** A network such as `10.0.0.0/8`, or one address. */
export function parseNetwork(text: string): Network | undefined {
  const [base = '', bits, ...more] = text.split('/');
  const isMapped = /^::ffff:/i.test(base.trim());
  const address = parseAddress(base);
  if (!address || more.length > 0) return undefined;
  const longest = address.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [address, longest];
  if (!/^\d{1,3}$/.test(bits)) return undefined;
  const prefix = Number(bits) - (isMapped && address.kind() === 'ipv4' ? 96 : 0);
  return prefix >= 0 && prefix <= longest ? [address, prefix] : undefined;
}

/** Addresses and networks, asked whether they contain an address. */
export class AddressList {
  readonly #networks: readonly Network[];

  constructor(entries: readonly string[]) {
    this.#networks = entries.map((entry) => {
      const network = parseNetwork(entry);
      if (!network) throw new RangeError(`${JSON.stringify(entry)} is no address and no network`);
      return network;
    });
  }

  has(address: Address): boolean {
    return this.#networks.some(
      ([base, prefix]) => base.kind() === address.kind() && address.match(base as never, prefix),
    );
  }
}

/** Which proxies are believed: so many of them, or those with these addresses. */
export type TrustedProxies = number | AddressList;

/**
 * The address of the client behind proxies: `X-Forwarded-For` from the right, where the own proxies append, for as long as
 * who wrote an entry is trusted. What a client writes itself stands further left, and is never reached.
 *
 * An entry that is no address ends the walk: the client is then the proxy that reported it.
 */
export function forwardedAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trusted: TrustedProxies,
): Address | undefined {
  let client = peer === undefined ? undefined : parseAddress(peer);
  const reported = (forwardedFor ?? '').split(',').toReversed();
  for (const [hops, entry] of reported.entries()) {
    if (!client) return undefined;
    const isTrusted = typeof trusted === 'number' ? hops < trusted : trusted.has(client);
    const next = isTrusted ? parseAddress(entry) : undefined;
    if (!next) return client;
    client = next;
  }
  return client;
}
