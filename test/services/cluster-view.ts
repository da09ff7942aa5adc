/** What the nodes of a Redis Cluster say about each other, as `CLUSTER NODES` tells it. */

export interface NodeView {
  readonly id: string;
  readonly port: number;
  readonly isPrimary: boolean;
  /** Of two nodes that claim a slot, the one with the larger epoch has it. */
  readonly epoch: number;
  /** Ranges of slots, both ends included. */
  readonly slots: readonly (readonly [first: number, last: number])[];
}

/** Each line: id, address, flags, primary's id, ping, pong, epoch, link, slots; `[…]` is a slot on its way. */
export function readClusterNodes(text: string): readonly NodeView[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [id = '', address = '', flags = '', , , , epoch = '0', , ...slots] = line.trim().split(' ');
    return {
      id,
      port: Number(/:(\d+)@/.exec(address)?.[1]),
      isPrimary: flags.split(',').includes('master'),
      epoch: Number(epoch),
      slots: slots.filter((range) => !range.startsWith('[')).map(toRange),
    };
  });
}

/** The port of the node that has a slot, judged by all views together; null when nobody has it. */
export function portOfSlot(views: readonly (readonly NodeView[])[], slot: number): number | null {
  const claims = views
    .flat()
    .filter(({ isPrimary, slots }) => isPrimary && slots.some(([first, last]) => first <= slot && slot <= last));
  return claims.sort((a, b) => b.epoch - a.epoch)[0]?.port ?? null;
}

function toRange(text: string): readonly [number, number] {
  const [first = '', last = first] = text.split('-');
  return [Number(first), Number(last)];
}
