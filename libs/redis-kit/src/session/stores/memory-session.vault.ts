import type { SessionPlace } from '../session-id.js';
import type {
  ListedSession,
  LoginAnswer,
  LoginRequest,
  NewSession,
  NewUserSession,
  Renewal,
  SaveAnswer,
  SecretHolder,
  SessionFacts,
  SessionVault,
  StoredSession,
} from './session-vault.js';

interface Kept<T> {
  value: T;
  until: number;
}

interface LiveSession extends Omit<SessionFacts, 'userId'> {
  readonly kind: 'live';
  readonly userId: string | undefined;
  epoch: number;
  since: number;
  data: string;
  device: string;
  seenAtMs: number;
  version: number;
  authenticatedAtMs: number;
  digest: string;
}

type Slot = LiveSession | { kind: 'ended' } | { kind: 'claimed'; digest: string; data: string };

/** What has expired is looked for at most this often. */
const SWEEP_EVERY = 1_000;

/** Sessions of this process alone, for unit tests. The same rules as the scripts, whose steps are synchronous here. */
export class MemorySessionVault implements SessionVault {
  readonly #slots = new Map<string, Kept<Slot>>();
  readonly #graces = new Map<string, Kept<string>>();
  readonly #epochs = new Map<string, Kept<number>>();
  readonly #revoked = new Map<string, Kept<true>>();
  readonly #foreign = new Map<string, Kept<string>>();
  /** Handles of each user's sessions. */
  readonly #index = new Map<string, Set<string>>();
  #clock = 0;
  #writes = 0;

  async read(place: SessionPlace): Promise<StoredSession> {
    const slot = peek(this.#slots, keyOf(place));
    if (!slot) return { kind: 'missing' };
    if (slot.kind !== 'live') return { ...slot };
    if (!this.#isLive(place, slot)) return { kind: 'revoked' };
    const { version, createdAtMs, endsAtMs, authenticatedAtMs, digest, userId } = slot;
    const facts = { version, createdAtMs, endsAtMs, authenticatedAtMs, digest, userId };
    return { kind: 'live', facts, data: slot.data, previous: peek(this.#graces, keyOf(place)) };
  }

  async create(place: SessionPlace, session: NewSession): Promise<boolean> {
    if (peek(this.#slots, keyOf(place))) return false;
    this.#put(place, session, undefined, 0, 0, '{}');
    return true;
  }

  async save(place: SessionPlace, version: number, data: string): Promise<SaveAnswer> {
    const session = this.#live(place);
    if (!session) return { outcome: 'gone' };
    if (version > 0 && version !== session.version) {
      return { outcome: 'conflict', version: session.version, data: session.data };
    }
    session.version += 1;
    session.data = data;
    return { outcome: 'saved', version: session.version };
  }

  async touch(place: SessionPlace, { idleMs, renewalMs }: { idleMs: number; renewalMs: number }) {
    const session = this.#live(place);
    const now = Date.now();
    if (!session || session.endsAtMs <= now) return 'gone';
    this.#slots.get(keyOf(place))!.until = Math.min(now + idleMs, session.endsAtMs);
    session.seenAtMs = now;
    return renewalMs > 0 && now - session.since >= renewalMs ? 'renewal-due' : 'touched';
  }

  async ticket(tag: string, lifeMs: number): Promise<string> {
    return String(this.#epochOf(tag, lifeMs));
  }

  async login(place: SessionPlace, request: LoginRequest): Promise<LoginAnswer> {
    const { ticket, most, evicts, endedMs, absoluteMs, userId } = request;
    if (ticket !== undefined && ticket !== String(peek(this.#epochs, place.tag))) {
      return { outcome: 'revoked' };
    }
    const { gone: expired, live } = this.#sessionsOf(place.tag);
    const ended: string[] = [];
    if (most > 0 && live.length >= most) {
      if (!evicts) return { outcome: 'refused', expired };
      live.sort(([a, x], [b, y]) => x.createdAtMs - y.createdAtMs || (a < b ? -1 : 1));
      for (const [handle] of live.slice(0, live.length - most + 1)) {
        this.#end({ tag: place.tag, handle }, endedMs);
        ended.push(handle);
      }
    }
    const epoch = this.#epochOf(place.tag, absoluteMs);
    this.#put(place, request, userId, epoch, Date.now(), request.device);
    return { outcome: 'created', expired, ended };
  }

  async adopt(place: SessionPlace, session: NewUserSession): Promise<boolean> {
    if (peek(this.#slots, keyOf(place))) return true;
    if (peek(this.#revoked, place.tag)) return false;
    const epoch = this.#epochOf(place.tag, session.absoluteMs);
    this.#put(place, session, session.userId, epoch, 0, '{}');
    return true;
  }

  async claim(place: SessionPlace, digest: string, keepMs: number) {
    const slot = peek(this.#slots, keyOf(place));
    if (!slot || slot.kind === 'ended' || slot.digest !== digest) return undefined;
    if (slot.kind === 'claimed') return { isFirst: false, data: slot.data };
    if (slot.userId !== undefined) return undefined;
    const { data } = slot;
    this.#slots.set(keyOf(place), keep({ kind: 'claimed', digest, data }, keepMs));
    return { isFirst: true, data };
  }

  async end(place: SessionPlace, endedMs: number): Promise<boolean> {
    return this.#end(place, endedMs);
  }

  async revokeAll(tag: string, kept: string | undefined, absoluteMs: number): Promise<string[]> {
    const survivor = kept === undefined ? undefined : this.#live({ tag, handle: kept });
    const ended = [...(this.#index.get(tag) ?? [])].filter(
      (handle) => !survivor || handle !== kept,
    );
    const epoch = this.#nextEpoch();
    this.#epochs.set(tag, keep(epoch, absoluteMs));
    this.#revoked.set(tag, keep(true, absoluteMs));
    this.#index.set(tag, new Set(survivor ? [kept!] : []));
    if (survivor) survivor.epoch = epoch;
    for (const handle of ended) this.#slots.delete(keyOf({ tag, handle }));
    return ended;
  }

  async renew(place: SessionPlace, { digest, next, graceMs, authenticates }: Renewal) {
    const session = this.#live(place);
    if (!session) return false;
    if (session.digest === next) return true;
    if (session.digest !== digest) return false;
    session.digest = next;
    session.since = Date.now();
    if (authenticates) session.authenticatedAtMs = session.since;
    this.#graces.set(keyOf(place), keep(digest, graceMs));
    return true;
  }

  async authenticationAge(place: SessionPlace, { digest, successor }: SecretHolder) {
    const session = this.#live(place);
    if (!session?.authenticatedAtMs) return undefined;
    if (session.digest !== digest && session.digest !== successor) return undefined;
    return Date.now() - session.authenticatedAtMs;
  }

  async list(tag: string, most: number): Promise<{ gone: string[]; entries: ListedSession[] }> {
    const { gone, live } = this.#sessionsOf(tag);
    const entries = live
      .map(([handle, { createdAtMs, seenAtMs, device }]) => ({
        handle,
        createdAtMs,
        seenAtMs,
        device,
        expiresAtMs: this.#slots.get(keyOf({ tag, handle }))!.until,
      }))
      .sort((a, b) => b.expiresAtMs - a.expiresAtMs)
      .slice(0, most);
    return { gone, entries };
  }

  async *scan(): AsyncGenerator<{ place: SessionPlace; session: StoredSession }> {
    for (const key of [...this.#slots.keys()]) {
      const [tag, handle] = key.split('.') as [string, string];
      yield { place: { tag, handle }, session: await this.read({ tag, handle }) };
    }
  }

  async clear(): Promise<void> {
    for (const map of [this.#slots, this.#graces, this.#epochs, this.#revoked, this.#index]) {
      map.clear();
    }
  }

  async readForeign(key: string): Promise<string | null> {
    return peek(this.#foreign, key) ?? null;
  }

  async replaceForeign(key: string, value: string, lifeMs: number): Promise<void> {
    if (peek(this.#foreign, key) !== undefined) this.#foreign.set(key, keep(value, lifeMs));
  }

  async removeForeign(key: string): Promise<void> {
    this.#foreign.delete(key);
  }

  #put(
    place: SessionPlace,
    { digest, data, idleMs, absoluteMs }: NewSession,
    userId: string | undefined,
    epoch: number,
    authenticatedAtMs: number,
    device: string,
  ): void {
    const now = Date.now();
    const session: LiveSession = {
      kind: 'live',
      version: 1,
      createdAtMs: now,
      endsAtMs: now + absoluteMs,
      since: now,
      seenAtMs: now,
      ...{ epoch, authenticatedAtMs, digest, userId, data, device },
    };
    this.#slots.set(keyOf(place), keep(session, Math.min(idleMs, absoluteMs)));
    if (userId !== undefined) {
      this.#index.set(place.tag, (this.#index.get(place.tag) ?? new Set()).add(place.handle));
    }
    if (++this.#writes % SWEEP_EVERY === 0) this.#sweep();
  }

  #end(place: SessionPlace, endedMs: number): boolean {
    const slot = peek(this.#slots, keyOf(place));
    this.#graces.delete(keyOf(place));
    const wasListed = this.#index.get(place.tag)?.delete(place.handle) ?? false;
    if (!slot || slot.kind === 'claimed') return wasListed;
    this.#slots.set(keyOf(place), keep({ kind: 'ended' }, endedMs));
    return slot.kind === 'live' || wasListed;
  }

  #live(place: SessionPlace): LiveSession | undefined {
    const slot = peek(this.#slots, keyOf(place));
    return slot?.kind === 'live' && this.#isLive(place, slot) ? slot : undefined;
  }

  #isLive({ tag }: SessionPlace, { userId, epoch }: LiveSession): boolean {
    return userId === undefined || peek(this.#epochs, tag) === epoch;
  }

  #sessionsOf(tag: string): { gone: string[]; live: [string, LiveSession][] } {
    const gone: string[] = [];
    const live: [string, LiveSession][] = [];
    for (const handle of this.#index.get(tag) ?? []) {
      const session = this.#live({ tag, handle });
      if (session) live.push([handle, session]);
      else gone.push(handle);
    }
    for (const handle of gone) this.#index.get(tag)!.delete(handle);
    return { gone, live };
  }

  #epochOf(tag: string, lifeMs: number): number {
    const epoch = peek(this.#epochs, tag) ?? this.#nextEpoch();
    const until = Math.max(this.#epochs.get(tag)?.until ?? 0, Date.now() + lifeMs);
    this.#epochs.set(tag, { value: epoch, until });
    return epoch;
  }

  #nextEpoch(): number {
    return (this.#clock = Math.max(this.#clock + 1, Date.now() * 1_000));
  }

  #sweep(): void {
    for (const map of [this.#slots, this.#graces, this.#epochs, this.#revoked, this.#foreign]) {
      for (const key of [...map.keys()]) peek(map as Map<string, Kept<unknown>>, key);
    }
  }
}

const keyOf = ({ tag, handle }: SessionPlace): string => `${tag}.${handle}`;

const keep = <T>(value: T, ms: number): Kept<T> => ({ value, until: Date.now() + ms });

function peek<T>(map: Map<string, Kept<T>>, key: string): T | undefined {
  const kept = map.get(key);
  if (!kept) return undefined;
  if (kept.until > Date.now()) return kept.value;
  map.delete(key);
  return undefined;
}
