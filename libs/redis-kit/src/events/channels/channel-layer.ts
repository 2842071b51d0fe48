import { randomBytes } from 'node:crypto';
import { isPromise } from 'node:util/types';
import { Codec } from '../../core/codec/codec.js';
import type { RedisKitEvents } from '../../core/events.js';
import { withDeadline } from '../../core/failsafe/deadline.js';
import type { KeySpace } from '../../core/key-space.js';
import { safeMessage } from '../../core/redact.js';
import { Channel } from './channel.js';
import type { ChannelTransport, Listened } from './channel-transport.js';
import {
  ChannelClosedError,
  ChannelMessageError,
  ChannelNameError,
  ChannelUnavailableError,
} from './channels.errors.js';
import { groupAddress, processAddress } from './channels.keys.js';
import type { ResolvedChannelLayerOptions } from './channels.options.js';

const NAME = /^[\w:.@-]{1,200}$/;
/** `<process>!<number>` */
const CHANNEL = /^([\w-]{12})!([\da-z]{1,12})$/;
const NEWLINE = 0x0a;
/** `<to>` and `<except>`, a channel each, before the payload. */
const LONGEST_HEADER = 80;

export interface NewChannelOptions {
  /** Called with one message after the other, instead of `receive()`. What it throws is announced as `channels.handler-failed`. */
  readonly onMessage?: ((message: never) => unknown) | undefined;
  /** Called when messages may be missing, because the link to Redis was replaced. */
  readonly onMissed?: (() => void) | undefined;
}

export interface GroupSendOptions {
  /** The name of a channel that does not get it, such as that of who caused it. */
  readonly except?: string | undefined;
}

interface Group {
  readonly members: Set<Channel>;
  readonly listened: Listened;
}

export interface ChannelLayerSettings {
  readonly options: ResolvedChannelLayerOptions;
  readonly transport: ChannelTransport;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
}

/**
 * Messages to single connections and to groups of them, whichever process they are at.
 *
 * Who is in a group is known only to the process where the connection is: a process that dies leaves no members behind, and
 * a message to a group is one command, however many there are. A message comes at most once: who is not connected to Redis at the moment misses
 * it and is told by `onMissed`. What has to arrive goes through the event bus or a stream.
 */
export class ChannelLayer {
  /** This process among those that share groups. */
  readonly #process = randomBytes(9).toString('base64url');
  readonly #channels = new Map<string, Channel>();
  /** The groups of each channel. */
  readonly #memberships = new Map<Channel, Set<string>>();
  readonly #groups = new Map<string, Group>();
  readonly #codec: Codec;
  #inbox: Listened | undefined;
  #number = 0;

  constructor(private readonly settings: ChannelLayerSettings) {
    const { maxMessage } = settings.options;
    this.#codec = new Codec({
      format: 'msgpack',
      compressAbove: Infinity,
      // The codec's own header counts.
      maxEncodedBytes: maxMessage + 1,
      maxDecodedBytes: maxMessage,
    });
  }

  /**
   * A channel of this process. Close it when its connection ends.
   *
   * @throws ChannelUnavailableError when Redis did not confirm it in time.
   */
  async newChannel({ onMessage, onMissed }: NewChannelOptions = {}): Promise<Channel> {
    const { capacity, expiryMs } = this.settings.options;
    const name = `${this.#process}!${(this.#number++).toString(36)}`;
    const channel = new Channel({
      name,
      capacity,
      expiryMs,
      events: this.settings.events,
      onMissed,
      onClosed: () => this.#forget(channel),
    });
    this.#channels.set(name, channel);
    this.#memberships.set(channel, new Set());
    const address = processAddress(this.settings.keySpace, this.#process);
    this.#inbox ??= this.#listen(address, () => this.#channels.values());
    await this.#confirmed(this.#inbox, channel);
    if (onMessage) void channel.pump(onMessage as (message: unknown) => unknown);
    return channel;
  }

  /** Sends to one channel, of any process. It is gone when nobody has that channel. */
  async send(channel: string, message: unknown): Promise<void> {
    const [, process] = typeof channel === 'string' ? (CHANNEL.exec(channel) ?? []) : [];
    if (process === undefined) throw new ChannelNameError('This is not the name of a channel.');
    await this.#send(processAddress(this.settings.keySpace, process), `${channel} `, message);
  }

  /**
   * Adds a channel of this process to a group; resolves when it gets everything that is sent to the group from then on.
   *
   * @throws ChannelClosedError for a channel that is not open here.
   * @throws ChannelUnavailableError when Redis did not confirm it in time. It is not a member then.
   */
  async groupAdd(group: string, channel: Channel | string): Promise<void> {
    checkGroup(group);
    const member = this.#own(channel);
    const existing = this.#groups.get(group);
    const joined: Group = existing ?? this.#openGroup(group);
    joined.members.add(member);
    this.#memberships.get(member)!.add(group);
    await this.#confirmed(joined.listened, member, () => this.groupDiscard(group, member));
  }

  /** Removes a channel from a group; nothing happens when it is not in it. */
  groupDiscard(group: string, channel: Channel | string): void {
    const name = typeof channel === 'string' ? channel : channel.name;
    const known = this.#groups.get(group);
    const member = this.#channels.get(name);
    if (!known || !member) return;
    known.members.delete(member);
    this.#memberships.get(member)!.delete(group);
    if (known.members.size > 0) return;
    this.#groups.delete(group);
    known.listened.close();
  }

  /** Sends to all channels of a group, in all processes, by one command. */
  async groupSend(
    group: string,
    message: unknown,
    { except = '' }: GroupSendOptions = {},
  ): Promise<void> {
    checkGroup(group);
    if (except !== '' && !CHANNEL.test(except)) {
      throw new ChannelNameError("'except' is not the name of a channel.");
    }
    await this.#send(groupAddress(this.settings.keySpace, group), ` ${except}`, message);
  }

  /** The names of the channels of this process in a group. */
  members(group: string): string[] {
    return [...(this.#groups.get(group)?.members ?? [])].map(({ name }) => name);
  }

  /** Closes every channel of this process, and leaves every group. */
  flush(): void {
    for (const channel of [...this.#channels.values()]) channel.close();
    this.#inbox?.close();
    this.#inbox = undefined;
  }

  #openGroup(group: string): Group {
    const members = new Set<Channel>();
    const address = groupAddress(this.settings.keySpace, group);
    const opened = { members, listened: this.#listen(address, () => members) };
    this.#groups.set(group, opened);
    return opened;
  }

  #own(channel: Channel | string): Channel {
    const name = typeof channel === 'string' ? channel : channel.name;
    const own = this.#channels.get(name);
    if (!own) throw new ChannelClosedError(name);
    return own;
  }

  #forget(channel: Channel): void {
    for (const group of [...this.#memberships.get(channel)!]) this.groupDiscard(group, channel);
    this.#memberships.delete(channel);
    this.#channels.delete(channel.name);
  }

  async #confirmed(
    listened: Listened,
    channel: Channel,
    undo = () => channel.close(),
  ): Promise<void> {
    try {
      await withDeadline('subscribing', this.settings.options.deadlineMs, listened.ready);
    } catch (error) {
      undo();
      throw new ChannelUnavailableError(safeMessage(error), { cause: error });
    }
    if (channel.isClosed) throw new ChannelClosedError(channel.name);
  }

  async #send(address: string, header: string, message: unknown): Promise<void> {
    let payload: Buffer;
    try {
      // Only compressing takes a thread, and messages are not compressed.
      payload = this.#codec.encode(message) as Buffer;
    } catch (error) {
      throw new ChannelMessageError(safeMessage(error), { cause: error });
    }
    const frame = Buffer.concat([Buffer.from(`${header}\n`, 'latin1'), payload]);
    try {
      await this.settings.transport.send(address, frame);
    } catch (error) {
      throw new ChannelUnavailableError(safeMessage(error), { cause: error });
    }
  }

  #listen(address: string, receivers: () => Iterable<Channel>): Listened {
    const { events, transport } = this.settings;
    const listened = transport.listen(address, {
      onMessage: (bytes) => this.#deliver(address, bytes, receivers()),
      onResumed: () => {
        events.emit('channels.missed', { address });
        for (const channel of [...receivers()]) channel.missed();
      },
    });
    listened.ready.catch(() => undefined);
    return listened;
  }

  /** Nothing that comes from Redis is trusted. */
  #deliver(address: string, bytes: Buffer, receivers: Iterable<Channel>): void {
    const end = bytes.subarray(0, LONGEST_HEADER).indexOf(NEWLINE);
    const [to, except, ...rest] = bytes.toString('latin1', 0, Math.max(0, end)).split(' ');
    if (end < 0 || except === undefined || rest.length > 0) {
      this.settings.events.emit('channels.unreadable', { address });
      return;
    }
    for (const channel of [...receivers]) {
      if ((to !== '' && channel.name !== to) || channel.name === except) continue;
      try {
        // For each of them anew: they must not see each other's changes.
        const message = this.#codec.decode(bytes.subarray(end + 1));
        if (isPromise(message)) message.catch(() => undefined);
        else channel.put(message);
      } catch {
        this.settings.events.emit('channels.unreadable', { address });
        return;
      }
    }
  }
}

function checkGroup(group: unknown): asserts group is string {
  if (typeof group === 'string' && NAME.test(group)) return;
  throw new ChannelNameError(
    'The name of a group is made of up to 200 letters, digits and _ : . @ -.',
  );
}
