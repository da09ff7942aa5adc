/** A primary, its replicas and three sentinels that promote one of these a second after the primary has gone. */
import { randomBytes } from 'node:crypto';
import { freePort } from './free-port.ts';
import { isInStep, type RedisOptions, type RedisServer, startRedis } from './redis.ts';
import { type RunningSentinel, type Sentinel, startSentinel } from './sentinel-process.ts';
import { waitUntil } from './wait-until.ts';

export interface SentinelsOptions {
  /** Default 1. */
  readonly replicas?: 1 | 2;
  /** How long the primary is silent before a sentinel calls it down, in milliseconds; default 1 000. */
  readonly downAfterMs?: number;
  /** In milliseconds; default 3 000. */
  readonly failoverTimeoutMs?: number;
  /** For the data nodes; passwords and TLS are left out here. */
  readonly redis?: Pick<RedisOptions, 'appendonly' | 'appendfsync' | 'maxmemory' | 'maxmemoryPolicy' | 'extra'>;
}

export interface Sentinels {
  /** What the sentinels call the primary. */
  readonly name: string;
  readonly sentinels: readonly Sentinel[];
  /**
   * All data nodes, whatever their role; the first one began as the primary. A former primary that is restarted takes
   * itself for one until the sentinels make it a replica, about ten seconds later.
   */
  readonly servers: readonly RedisServer[];
  /** The primary that the sentinels name now. It may have died a moment ago. */
  primary(): Promise<RedisServer>;
  /** All servers but the primary, also those that are down. */
  replicas(): Promise<readonly RedisServer[]>;
  /** Waits until the sentinels name another primary than this one and it acts as such. */
  successorOf(former: RedisServer): Promise<RedisServer>;
  stop(): Promise<void>;
}

const NAME = 'holdfast';
const HOST = '127.0.0.1';
const COUNT = 3;
const QUORUM = 2;

/** Answers when the replicas are in step and every sentinel knows the others and all replicas. */
export async function startSentinels(options: SentinelsOptions = {}): Promise<Sentinels> {
  const servers: RedisServer[] = [];
  let sentinels: readonly RunningSentinel[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    servers.push(...(await startServers(options)));
    sentinels = await startSentinelProcesses(servers, options);
  } catch (error) {
    await stop();
    throw error;
  }

  const primary = async (): Promise<RedisServer> => {
    const views = await Promise.allSettled(sentinels.map(readView));
    const answered = views.flatMap((view) => (view.status === 'fulfilled' ? [view.value] : []));
    // They hear of a promotion one after the other, and the latest epoch is right.
    const port = answered.sort((a, b) => b.epoch - a.epoch)[0]?.port;
    const found = servers.find((server) => server.port === port);
    if (found === undefined) throw new Error(`The sentinels name a primary on port ${port}, which is none of ours.`);
    return found;
  };
  return {
    name: NAME,
    sentinels,
    servers,
    primary,
    async replicas() {
      const current = await primary();
      return servers.filter((server) => server !== current);
    },
    successorOf: (former) =>
      waitUntil('a replica was promoted', async () => {
        const current = await primary();
        return current !== former && (await current.command('ROLE')).startsWith('master') && current;
      }),
    stop,
  };
}

async function startServers({ replicas = 1, redis = {} }: SentinelsOptions): Promise<readonly RedisServer[]> {
  const { extra = [] } = redis;
  const primary = await startRedis(redis);
  const following = ['--replicaof', HOST, String(primary.port)];
  const copies = Array.from({ length: replicas }, () => startRedis({ ...redis, extra: [...extra, ...following] }));
  const servers = [primary];
  // Whatever started has to be stopped when another one did not.
  for (const result of await Promise.allSettled(copies)) {
    if (result.status === 'fulfilled') servers.push(result.value);
  }
  try {
    await Promise.all(copies);
    await waitUntil('the replicas were in step', async () => {
      const views = await Promise.all(servers.map((server) => server.command('INFO', 'replication')));
      return views.every(isInStep);
    });
    return servers;
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop()));
    throw error;
  }
}

interface Identity {
  readonly id: string;
  readonly port: number;
}

async function startSentinelProcesses(
  servers: readonly RedisServer[],
  options: SentinelsOptions,
): Promise<readonly RunningSentinel[]> {
  const identities: Identity[] = [];
  for (let i = 0; i < COUNT; i += 1) {
    identities.push({ id: randomBytes(20).toString('hex'), port: await freePort() });
  }
  const started = await Promise.allSettled(
    identities.map((own) => startSentinel(own.port, configuration(own, identities, servers, options))),
  );
  const running = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  try {
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    await waitUntil('the sentinels agreed', async () => {
      const views = await Promise.all(running.map((sentinel) => sentinel.ask('CKQUORUM', NAME)));
      return views.every((view) => view.startsWith(`OK ${COUNT} usable`));
    });
    return running;
  } catch (error) {
    await Promise.all(running.map((sentinel) => sentinel.stop()));
    throw error;
  }
}

/** Sentinels find each other within some seconds; what they would find is written down here, so that it takes none. */
function configuration(
  own: Identity,
  all: readonly Identity[],
  [primary, ...replicas]: readonly RedisServer[],
  { downAfterMs = 1_000, failoverTimeoutMs = 3_000 }: SentinelsOptions,
): string {
  const others = all.filter(({ port }) => port !== own.port);
  const lines = [
    `port ${own.port}`,
    `bind ${HOST}`,
    `sentinel myid ${own.id}`,
    `sentinel monitor ${NAME} ${HOST} ${primary?.port} ${QUORUM}`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${NAME} ${failoverTimeoutMs}`,
    ...replicas.map(({ port }) => `sentinel known-replica ${NAME} ${HOST} ${port}`),
    ...others.map(({ id, port }) => `sentinel known-sentinel ${NAME} ${HOST} ${port} ${id}`),
  ];
  return `${lines.join('\n')}\n`;
}

interface View {
  readonly epoch: number;
  readonly port: number;
}

async function readView(sentinel: RunningSentinel): Promise<View> {
  const facts = (await sentinel.ask('MASTER', NAME)).split('\n');
  const epoch = Number(facts[facts.indexOf('config-epoch') + 1]);
  // Not among the facts: these show the former address until all replicas follow the new one.
  const address = await sentinel.ask('GET-MASTER-ADDR-BY-NAME', NAME);
  return { epoch, port: Number(address.split('\n')[1]) };
}
