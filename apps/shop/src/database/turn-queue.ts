import type { PGlite } from '@electric-sql/pglite';

interface Request {
  readonly client: number;
  readonly message: Uint8Array;
  readonly onData: (data: Uint8Array) => void;
  readonly resolve: (bytes: number) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets several clients share PGlite's one backend: a client keeps its turn from the first message of a query until the
 * backend is ready again outside a transaction. Anything less mixes the clients up, for the backend has one unnamed
 * statement: Parse by one client, Parse by another, and the first one's Bind finds a statement that is not its own.
 *
 * Session state (SET, temporary tables, LISTEN) is shared by all clients and must not be used.
 */
export class TurnQueue {
  readonly #pglite: PGlite;
  readonly #idleLimitMs: number;
  readonly #onOverdue: (client: number) => void;
  readonly #requests: Request[] = [];
  #holder: number | undefined;
  #isRunning = false;
  #overdue: NodeJS.Timeout | undefined;

  /**
   * @param idleLimitMs how long a client may keep its turn without sending anything; a process stopped in the middle of
   *   a transaction would block all others for ever
   * @param onOverdue is told which client to disconnect
   */
  constructor(pglite: PGlite, idleLimitMs: number, onOverdue: (client: number) => void) {
    this.#pglite = pglite;
    this.#idleLimitMs = idleLimitMs;
    this.#onOverdue = onOverdue;
  }

  /** Sends one protocol message when it is the client's turn; resolves with the number of bytes answered. */
  enqueue(
    client: number,
    message: Uint8Array,
    onData: (data: Uint8Array) => void,
  ): Promise<number> {
    // Terminate would end the backend that the others share; the socket closes by itself.
    if (message[0] === terminate) return Promise.resolve(0);
    return new Promise((resolve, reject) => {
      this.#requests.push({ client, message, onData, resolve, reject });
      void this.#run();
    });
  }

  clearQueueForHandler(client: number): void {
    for (let index = this.#requests.length - 1; index >= 0; index--) {
      const request = this.#requests[index];
      if (request?.client !== client) continue;
      this.#requests.splice(index, 1);
      request.reject(new Error('The client disconnected before its turn'));
    }
  }

  /** Ends what a disconnected client left open, so that the turn can pass on. */
  async clearTransactionIfNeeded(client: number): Promise<void> {
    if (this.#holder !== client) return;
    await new Promise<unknown>((resolve, reject) => {
      this.#requests.unshift({
        client,
        message: endOfEverything,
        onData: () => {},
        resolve,
        reject,
      });
      void this.#run();
    });
  }

  /** Stops watching for overdue clients. */
  close(): void {
    clearTimeout(this.#overdue);
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let request = this.#next(); request; request = this.#next()) {
      clearTimeout(this.#overdue);
      this.#holder = request.client;
      await this.#send(request);
      if (this.#holder !== undefined) this.#watch(this.#holder);
    }
    this.#isRunning = false;
  }

  #next(): Request | undefined {
    if (this.#holder === undefined) return this.#requests.shift();
    const index = this.#requests.findIndex(({ client }) => client === this.#holder);
    return index < 0 ? undefined : this.#requests.splice(index, 1)[0];
  }

  async #send({ message, onData, resolve, reject }: Request): Promise<void> {
    const answer = new BackendAnswer();
    try {
      await this.#pglite.runExclusive(() =>
        this.#pglite.execProtocolRawStream(message, {
          onRawData: (data) => {
            answer.read(data);
            onData(data);
          },
        }),
      );
      if (answer.isIdle) this.#holder = undefined;
      resolve(answer.bytes);
    } catch (error) {
      // The client keeps its turn: the rejection disconnects it, and disconnecting cleans up.
      reject(error);
    }
  }

  #watch(client: number): void {
    this.#overdue = setTimeout(() => this.#onOverdue(client), this.#idleLimitMs);
    this.#overdue.unref();
  }
}

const terminate = 'X'.charCodeAt(0);
const readyForQuery = 'Z'.charCodeAt(0);
const idle = 'I'.charCodeAt(0);

/** Sync ends an extended query, ROLLBACK a transaction; where there is none, both do nothing. */
const endOfEverything = (() => {
  const sync = Buffer.from([0x53, 0, 0, 0, 4]);
  const text = Buffer.from('ROLLBACK\0');
  const query = Buffer.alloc(5);
  query.write('Q');
  query.writeInt32BE(text.length + 4, 1);
  return new Uint8Array(Buffer.concat([sync, query, text]));
})();

/** Follows the messages of an answer, however it is cut into chunks, for the last ReadyForQuery. */
class BackendAnswer {
  bytes = 0;
  isIdle = false;
  #header: number[] = [];
  #bodyLeft = 0;

  read(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    for (let position = 0; position < chunk.length;) {
      if (this.#bodyLeft > 0) {
        if (this.#header[0] === readyForQuery) this.isIdle = chunk[position] === idle;
        const step = Math.min(this.#bodyLeft, chunk.length - position);
        this.#bodyLeft -= step;
        position += step;
        if (this.#bodyLeft === 0) this.#header = [];
        continue;
      }
      this.#header.push(chunk[position++] ?? 0);
      if (this.#header.length < 5) continue;
      const [, a = 0, b = 0, c = 0, d = 0] = this.#header;
      // The length counts itself, not the type.
      this.#bodyLeft = ((a << 24) | (b << 16) | (c << 8) | d) - 4;
      if (this.#bodyLeft === 0) this.#header = [];
    }
  }
}
