/** What Redis Cluster says about itself (commands CLUSTER SLOTS and CLUSTER INFO). */
import type { RedisEndpoint } from './address.ts';
import type { RedisReply } from './port.ts';

/** A run of slots and who serves it. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly primary: RedisEndpoint;
  readonly replicas: readonly RedisEndpoint[];
}

/** What one node thinks of the cluster. */
export interface ClusterState {
  readonly ok: boolean;
  /** Grows with every failover; the node that knows the highest is the best informed. */
  readonly epoch: number;
}

/** `asked` is who answered: a node that does not know its own name for others leaves it empty. */
export function toSlotRanges(reply: RedisReply, asked: RedisEndpoint): readonly SlotRange[] {
  if (!Array.isArray(reply)) return [];
  const ranges: SlotRange[] = [];
  for (const entry of reply as readonly RedisReply[]) {
    if (!Array.isArray(entry) || entry.length < 3) continue;
    const [first, last, ...nodes] = entry as readonly RedisReply[];
    const [primary, ...replicas] = nodes.map((node) => toEndpoint(node, asked)).filter((node) => node !== null);
    if (primary === undefined) continue;
    ranges.push({ first: Number(first), last: Number(last), primary, replicas });
  }
  return ranges;
}

/** From the text that CLUSTER INFO answers. */
export function toClusterState(reply: RedisReply): ClusterState {
  const text = String(reply);
  return {
    ok: /^cluster_state:ok\r?$/m.test(text),
    epoch: Number(/^cluster_current_epoch:(\d+)\r?$/m.exec(text)?.[1] ?? 0),
  };
}

/** Where a MOVED or ASK leads: `MOVED 3999 127.0.0.1:6381`. */
export function toRedirection(message: string, asked: RedisEndpoint): RedisEndpoint | null {
  const match = /^(?:MOVED|ASK) \d+ (.*):(\d+)$/.exec(message);
  if (match === null) return null;
  const [, host = '', port = ''] = match;
  return 'path' in asked ? null : { host: host === '' ? asked.host : host, port: Number(port) };
}

function toEndpoint(node: RedisReply, asked: RedisEndpoint): RedisEndpoint | null {
  if (!Array.isArray(node) || 'path' in asked) return null;
  const [name, port] = node as readonly RedisReply[];
  const host = name === null ? '' : String(name);
  // An unknown name is written as ?, see cluster-preferred-endpoint-type.
  return { host: host === '' || host === '?' ? asked.host : host, port: Number(port) };
}
