import { AddressList, type parseAddress } from './client-address.js';
import type { LimitedCall } from './limited-call.js';
import type { FromCall, RateLimitRouteOptions } from './route-policy.options.js';

type Clients = RateLimitRouteOptions['allow'];

const lists = new WeakMap<readonly string[], AddressList>();

/** Whether the client of a call is one of `clients`: addresses, networks, or those a function is true for. */
export async function isAmong(
  clients: Clients,
  call: LimitedCall,
  address: () => ReturnType<typeof parseAddress>,
): Promise<boolean> {
  if (clients === undefined) return false;
  if (typeof clients === 'function') {
    return (clients as FromCall<boolean | Promise<boolean>>)(call.request, call.context);
  }
  const list = lists.get(clients) ?? new AddressList(clients);
  lists.set(clients, list);
  const found = address();
  return found !== undefined && list.has(found);
}
