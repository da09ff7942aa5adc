/** Makes the way to Redis that the options name. */
import { addressName, endpointName, type RedisAddress, type RedisEndpoint } from './address.ts';
import { openCluster } from './cluster.ts';
import { toStartFailure } from './failure.ts';
import { isNodeRedisClient, openGiven } from './given.ts';
import { Link, type LinkEvents, type LinkOptions } from './link.ts';
import { loadNodeRedis, OWN_OPTIONS } from './node-redis.ts';
import type { RedisSettings } from './options.ts';
import type { RedisPort, TrackingSink } from './port.ts';
import { openSentinel } from './sentinel.ts';
import { openSingle } from './single.ts';
import { Tracking } from './tracking.ts';

/**
 * Connects. `sink` keeps copies of what is read over the port and is told when they change; it is trusted and distrusted
 * from here. Null when nothing is kept. `interrupted` is called when a connection to a server was lost or another server
 * has taken over, before anything is sent to it.
 *
 * Rejects with a HoldfastError `store-unusable` when a setting is wrong (password, certificate, database …) or the package
 * redis is missing, and with StoreUnreachableError when nothing answers within `connectTimeoutMs`.
 */
export async function connectRedis(
  settings: RedisSettings,
  sink: TrackingSink | null,
  interrupted: () => void,
): Promise<RedisPort> {
  const { address, client } = settings;
  const tracking = sink === null ? null : new Tracking(sink, settings.prefix);
  if (client !== null) return connectGiven(client, settings, tracking, interrupted);
  if (address === null) throw new TypeError('settings come from resolveRedisOptions');
  try {
    return await connectAddress(address, settings, tracking, interrupted);
  } catch (error) {
    throw toStartFailure(error, addressName(address));
  }
}

async function connectAddress(
  address: RedisAddress,
  settings: RedisSettings,
  tracking: Tracking | null,
  interrupted: () => void,
): Promise<RedisPort> {
  const { connectTimeoutMs, random, waitReplicas: wait } = settings;
  const template = await loadNodeRedis();
  const name = addressName(address);

  function dial(endpoint: RedisEndpoint, own: object, events: LinkEvents, extra: Partial<LinkOptions> = {}): Link {
    const overrides = { socket: socketOf(address, endpoint, settings), ...own };
    const link = { name: endpointName(endpoint), template, overrides, tls: address.tls, connectTimeoutMs, random };
    return new Link({ ...link, ...extra }, events);
  }
  const server = { ...credentials(address.username, address.password), database: address.database };
  const sentinel = credentials(address.sentinelUsername, address.sentinelPassword);

  const [first] = address.endpoints;
  if (address.kind === 'sentinel') {
    return openSentinel({
      name,
      primaryName: address.primaryName ?? '',
      sentinels: address.endpoints,
      dialSentinel: (endpoint, events, extra) => dial(endpoint, sentinel, events, extra),
      dialServer: (endpoint, events, extra) => dial(endpoint, server, telling(events, interrupted), extra),
      tracking,
      wait,
      startMs: connectTimeoutMs,
    });
  }
  if (address.kind === 'cluster') {
    const dialNode = (endpoint: RedisEndpoint, events: LinkEvents): Link => dial(endpoint, server, events);
    const seeds = address.endpoints;
    return openCluster({ name, seeds, dial: dialNode, tracking, wait, interrupted, startMs: connectTimeoutMs });
  }
  const dialFirst = (events: LinkEvents): Link => dial(first as RedisEndpoint, server, telling(events, interrupted));
  return openSingle({ name, dial: dialFirst, tracking, wait });
}

/**
 * What is to be tracked or waited for needs connections of its own, made like the application's; otherwise the
 * application's own connection is used.
 */
async function connectGiven(
  client: RedisSettings['client'] & object,
  settings: RedisSettings,
  tracking: Tracking | null,
  interrupted: () => void,
): Promise<RedisPort> {
  const { connectTimeoutMs, random, waitReplicas: wait } = settings;
  if (!isNodeRedisClient(client) || (tracking === null && wait === null)) {
    return openGiven(client, interrupted);
  }
  const name = "the server of the application's Redis client";
  const socket = client.options?.socket ?? {};
  const overrides = {
    ...OWN_OPTIONS,
    clientSideCache: undefined,
    pingInterval: undefined,
    socket,
  };
  const tls = 'tls' in socket && socket.tls === true;
  const link = { name, template: client, overrides, tls, connectTimeoutMs, random };
  try {
    const dial = (events: LinkEvents): Link => new Link(link, telling(events, interrupted));
    return await openSingle({ name, dial, tracking, wait });
  } catch (error) {
    throw toStartFailure(error, name);
  }
}

function telling(events: LinkEvents, interrupted: () => void): LinkEvents {
  return {
    ...events,
    down: (link, error) => {
      interrupted();
      events.down?.(link, error);
    },
  };
}

function credentials(username: string | null, password: string | null): object {
  return password === null ? {} : { username: username ?? 'default', password };
}

function socketOf(address: RedisAddress, endpoint: RedisEndpoint, { tls }: RedisSettings): object {
  return address.tls ? { ...endpoint, ...tls, tls: true } : { ...endpoint };
}
