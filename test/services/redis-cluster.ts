/** A Redis Cluster whose primaries can be killed and whose slots can be moved while they are in use. */
import { portOfSlot, readClusterNodes } from './cluster-view.ts';
import { freePort } from './free-port.ts';
import { isInStep, type RedisOptions, type RedisServer, startRedis } from './redis.ts';
import { prepareSlotMigration, type SlotMigration } from './slot-migration.ts';
import { waitUntil } from './wait-until.ts';

export interface RedisClusterOptions {
  /** Primaries and replicas together; half of them are replicas, one for each primary. Default 6. */
  readonly nodes?: 6 | 8 | 10;
  /** How long a node is silent before the others call it down, in milliseconds; default 1 500. */
  readonly nodeTimeoutMs?: number;
  /** For every node; passwords and TLS are left out here. */
  readonly redis?: Pick<RedisOptions, 'appendonly' | 'appendfsync' | 'maxmemory' | 'maxmemoryPolicy' | 'extra'>;
}

export interface RedisCluster {
  /** All nodes, whatever their role; the first half began as primaries. */
  readonly nodes: readonly RedisServer[];
  /** Of the first node; a client finds the others by it. */
  readonly url: string;
  readonly urls: readonly string[];
  slotOf(key: string): Promise<number>;
  /** The primary that has a slot now. It may have died a moment ago. */
  primaryOfSlot(slot: number): Promise<RedisServer>;
  /** Waits until another node than this one has the slot. */
  successorOf(former: RedisServer, slot: number): Promise<RedisServer>;
  /** Prepares to move a slot to another primary, in steps; nothing happens before `begin`. */
  migrateSlot(slot: number, to: RedisServer): Promise<SlotMigration>;
  /** Waits until every running node says `cluster_state:ok` and every running replica is in step. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** Answers when all nodes say that the cluster is well, which Redis itself delays until two seconds after the start. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { nodes: count = 6, nodeTimeoutMs = 1_500, redis = {} } = options;
  const starts = await Promise.allSettled(Array.from({ length: count }, () => startNode(nodeTimeoutMs, redis)));
  const started = starts.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const nodes = started.map(({ server }) => server);
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const result of starts) if (result.status === 'rejected') throw result.reason;
    await join(started);
    await settled(nodes);
  } catch (error) {
    await stop();
    throw error;
  }

  const primaryOfSlot = async (slot: number): Promise<RedisServer> => {
    const views = await Promise.allSettled(runningOf(nodes).map((node) => node.command('CLUSTER', 'NODES')));
    const answered = views.flatMap((view) => (view.status === 'fulfilled' ? [readClusterNodes(view.value)] : []));
    const port = portOfSlot(answered, slot);
    const found = nodes.find((node) => node.port === port);
    if (found === undefined) throw new Error(`No node of the cluster has slot ${slot}.`);
    return found;
  };
  return {
    nodes,
    url: nodes[0]?.url ?? '',
    urls: nodes.map(({ url }) => url),
    slotOf: async (key) => Number(await runningOf(nodes)[0]?.command('CLUSTER', 'KEYSLOT', key)),
    primaryOfSlot,
    successorOf: (former, slot) =>
      waitUntil(`another node had slot ${slot}`, async () => {
        const current = await primaryOfSlot(slot);
        return current !== former && current;
      }),
    migrateSlot: async (slot, to) => prepareSlotMigration(nodes, slot, await primaryOfSlot(slot), to),
    settled: () => settled(nodes),
    stop,
  };
}

interface StartedNode {
  readonly server: RedisServer;
  readonly busPort: number;
}

async function startNode(nodeTimeoutMs: number, redis: RedisOptions): Promise<StartedNode> {
  // By default the bus has the port plus 10 000, which may be anybody's.
  const busPort = await freePort();
  const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
  const timing = ['--cluster-node-timeout', String(nodeTimeoutMs)];
  const server = await startRedis({ ...redis, extra: [...cluster, ...timing, ...(redis.extra ?? [])] });
  return { server, busPort };
}

/** What `redis-cli --cluster create` does, without its pauses: share the slots, introduce all, then follow. */
async function join(started: readonly StartedNode[]): Promise<void> {
  const primaries = started.slice(0, started.length / 2).map(({ server }) => server);
  const replicas = started.slice(primaries.length).map(({ server }) => server);
  await Promise.all(
    primaries.map(async (primary, i) => {
      const [first, next] = [i, i + 1].map((n) => Math.round((SLOTS * n) / primaries.length));
      await primary.command('CLUSTER', 'ADDSLOTSRANGE', String(first), String((next ?? SLOTS) - 1));
      await primary.command('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
    }),
  );
  // Everybody meets everybody, because hearing of each other through one node takes seconds.
  for (const { server } of started) {
    for (const other of started) {
      if (other.server === server) continue;
      const { host, port } = other.server;
      await server.command('CLUSTER', 'MEET', host, String(port), String(other.busPort));
    }
  }
  const ids = await Promise.all(primaries.map((primary) => primary.command('CLUSTER', 'MYID')));
  await Promise.all(
    replicas.map((replica, i) =>
      waitUntil('the nodes knew each other', async () => {
        // An error as long as the primary is not known to be one.
        return (await replica.command('CLUSTER', 'REPLICATE', ids[i] ?? '')) === 'OK';
      }),
    ),
  );
}

async function settled(nodes: readonly RedisServer[]): Promise<void> {
  await waitUntil(
    'the cluster was well',
    async () => {
      const views = await Promise.all(
        runningOf(nodes).map(async (node) => ({
          cluster: await node.command('CLUSTER', 'INFO'),
          known: readClusterNodes(await node.command('CLUSTER', 'NODES')),
          replication: await node.command('INFO', 'replication'),
        })),
      );
      return views.every(
        ({ cluster, known, replication }) =>
          cluster.includes('cluster_state:ok') && known.length === nodes.length && isInStep(replication),
      );
    },
    { deadlineMs: 20_000, everyMs: 50 },
  );
}

function runningOf(nodes: readonly RedisServer[]): readonly RedisServer[] {
  return nodes.filter((node) => node.isRunning);
}
