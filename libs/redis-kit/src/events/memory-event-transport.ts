import { EventTransport, type EventSink, type Listening } from './event-transport.js';

/** Within this process: what is published comes to its own handlers, in order, and is never missed. */
export class MemoryEventTransport extends EventTransport {
  readonly #listening = new Set<EventSink>();
  readonly #following = new Set<EventSink>();
  #entries = 0;

  async send(partition: number, frame: Buffer): Promise<void> {
    for (const sink of this.#listening) sink.passing(partition, frame);
  }

  async keep(partition: number, frame: Buffer): Promise<string> {
    this.#entries += 1;
    const entry = `${this.#entries}-0`;
    for (const sink of this.#listening) sink.live(partition, entry, frame);
    for (const sink of this.#following) sink.kept(partition, entry, frame);
    return entry;
  }

  listen(sink: EventSink): Listening {
    return joined(this.#listening, sink);
  }

  follow(sink: EventSink): Listening {
    return joined(this.#following, sink);
  }

  close(): void {
    this.#listening.clear();
    this.#following.clear();
  }
}

function joined(sinks: Set<EventSink>, sink: EventSink): Listening {
  sinks.add(sink);
  return { ready: Promise.resolve(), close: () => sinks.delete(sink) };
}
