/** What one node of a cluster says about a node. */
export interface ClusterNodeView {
  id: string;
  port: number;
  /** `master`, `slave`, `myself`, `fail?`, `fail`, `handshake`, … */
  flags: Set<string>;
  /** The id of its master, for a replica. */
  masterId: string | undefined;
  /** First and last slot of each range it serves. */
  slots: [number, number][];
  /** Slots on their way to or from the node; a node tells these of itself only. */
  openSlots: number[];
}

/** Reads the reply of `CLUSTER NODES`. */
export function parseClusterNodes(reply: string): ClusterNodeView[] {
  return reply
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      // <id> <ip:port@bus> <flags> <master> <ping> <pong> <epoch> <link> <slot> …
      const [id = '', address = '', flags = '', masterId = '', , , , , ...slots] = line.split(' ');
      return {
        id,
        port: Number(/:(\d+)@/.exec(address)?.[1]),
        flags: new Set(flags.split(',')),
        masterId: masterId === '-' ? undefined : masterId,
        slots: slots.filter((slot) => !slot.startsWith('[')).map(parseRange),
        // "[93->-<id>]" and "[93-<-<id>]"; an outgoing one is also among those it serves.
        openSlots: slots
          .filter((slot) => slot.startsWith('['))
          .map((slot) => parseInt(slot.slice(1), 10)),
      };
    });
}

/** Equal for two views that give every slot to the same node and every replica to the same master. */
export function assignment(view: ClusterNodeView[]): string {
  return view
    .map(({ id, masterId, slots }) => `${id} ${masterId ?? slots.join(' ')}`)
    .sort()
    .join('\n');
}

export function serves({ slots }: ClusterNodeView, slot: number): boolean {
  return slots.some(([first, last]) => first <= slot && slot <= last);
}

export function slotCount(nodes: ClusterNodeView[]): number {
  return nodes
    .flatMap(({ slots }) => slots)
    .reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function parseRange(range: string): [number, number] {
  const [first = '', last = first] = range.split('-');
  return [Number(first), Number(last)];
}
