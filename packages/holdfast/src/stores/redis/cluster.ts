/**
 * Redis Cluster: each command goes to the primary of its slot.
 *
 * node-redis's own cluster client is not used: it sends what only reads to replicas, which may not have heard of a sign-out
 * yet, and makes its connections by itself, so that what is read over them cannot be tracked. Redirections follow the
 * Cluster specification; besides them, the nodes are asked for their view once a second, and every 200 ms while one of them
 * is missing. A primary that died costs its own slots until its replica has taken over.
 */
import { StoreUnreachableError } from '../../core/errors.ts';
import { endpointName, type RedisEndpoint } from './address.ts';
import { closedFailure, redisErrorCode, toUnreachable } from './failure.ts';
import type { Link, LinkEvents } from './link.ts';
import { RedisNode } from './node.ts';
import type { ReplicaWait } from './options.ts';
import type { RedisArgument, RedisPort, RedisReply, RedisScript, RedisServer } from './port.ts';
import { SLOTS, slotOfKey } from './slot.ts';
import { type SlotRange, toClusterState, toRedirection, toSlotRanges } from './topology.ts';
import type { Tracking } from './tracking.ts';

export interface ClusterOptions {
  readonly name: string;
  /** Some nodes of it, to begin with. */
  readonly seeds: readonly RedisEndpoint[];
  readonly dial: (endpoint: RedisEndpoint, events: LinkEvents) => Link;
  readonly tracking: Tracking | null;
  readonly wait: ReplicaWait | null;
  /** Called when a connection is lost, and when slots are served by other nodes, which may not have all that was written. */
  readonly interrupted: () => void;
  /** How long a start waits for the primaries. */
  readonly startMs: number;
}

/** How often the watch looks whether something is missing; every fifth time it asks for the state of the cluster. */
const WATCH_MS = 200;
const STATE_EVERY = 5;
/** And every fiftieth for the slots, because one that moved need not show in the state. */
const SLOTS_EVERY = 50;
const MOST_REDIRECTIONS = 5;
/** While a slot moves, a script on several keys can be refused; it is tried again for so long. */
const MOVING_MS = 800;
const MOVING_PAUSE_MS = 20;
/** How long a redirected command waits for the connection to a node that was not known before. */
const NEW_NODE_MS = 300;

type Attempt = (node: RedisNode, asking: boolean) => Promise<RedisReply>;

/** Resolves once all primaries are connected; rejects when no seed answers or one of them cannot be used. */
export async function openCluster(options: ClusterOptions): Promise<RedisPort> {
  const port = new ClusterPort(options);
  try {
    await port.open();
  } catch (error) {
    await port.close();
    throw error;
  }
  return port;
}

class ClusterPort implements RedisPort {
  readonly name: string;
  readonly #options: ClusterOptions;
  readonly #nodes = new Map<string, { readonly node: RedisNode; readonly endpoint: RedisEndpoint }>();
  readonly #owners: (RedisNode | null)[] = new Array<RedisNode | null>(SLOTS).fill(null);
  /** Replicas, and nodes that were primaries: whom to ask when no primary is left. */
  #others: readonly RedisEndpoint[] = [];
  #refreshing: Promise<void> | null = null;
  #stale = false;
  #epoch = -1;
  #ticks = 0;
  #watch: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: ClusterOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#learnFromStrangers(this.#options.seeds);
    await Promise.all([...this.#nodes.values()].map(({ node }) => node.whenUp(this.#options.startMs)));
    const up = [...this.#nodes.values()].find(({ node }) => node.link.isUp);
    if (up === undefined) throw [...this.#nodes.values()][0]?.node.link.lastError ?? closedFailure(this.name);
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    this.#watch.unref();
  }

  send(key: string, args: readonly RedisArgument[], readOnly: boolean): Promise<RedisReply> {
    const attempt: Attempt = (node, asking) => {
      if (asking) return node.link.sendAsking(args);
      return readOnly ? node.read(args) : node.send(args);
    };
    return this.#route(key, readOnly, attempt);
  }

  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply> {
    const attempt: Attempt = (node, asking) => node.run(script, keys, args, asking);
    return this.#route(keys[0] ?? '', script.readOnly, attempt);
  }

  async primaries(): Promise<readonly RedisServer[]> {
    const up = [...this.#nodes.values()].map(({ node }) => node).filter((node) => node.link.isUp);
    if (up.length === 0) throw closedFailure(this.name);
    return up;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#watch !== null) clearInterval(this.#watch);
    for (const { node } of this.#nodes.values()) node.close();
    this.#nodes.clear();
    this.#owners.fill(null);
  }

  #route(key: string, readOnly: boolean, attempt: Attempt): Promise<RedisReply> {
    const slot = slotOfKey(key);
    const owner = this.#owners[slot] ?? null;
    if (owner === null) return Promise.reject(this.#unowned());
    return attempt(owner, false).catch((error: unknown) => this.#follow(slot, owner, readOnly, attempt, error));
  }

  /** What to do about an answer that was none, until there is one or it is certain that there is none. */
  async #follow(
    slot: number,
    asked: RedisNode,
    readOnly: boolean,
    attempt: Attempt,
    first: unknown,
  ): Promise<RedisReply> {
    const until = performance.now() + MOVING_MS;
    let node = asked;
    let error = first;
    let asking = false;
    for (let redirections = 0; redirections < MOST_REDIRECTIONS; ) {
      const code = redisErrorCode(error);
      if (code === 'MOVED' || code === 'ASK') {
        redirections++;
        const next = this.#redirect(node, error);
        if (next === null) break;
        asking = code === 'ASK';
        if (code === 'MOVED') {
          if (this.#owners[slot] !== next) this.#moved();
          this.#owners[slot] = next;
          this.#stale = true;
        }
        node = next;
        await node.link.whenUp(NEW_NODE_MS);
      } else if (code === 'TRYAGAIN' && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, MOVING_PAUSE_MS));
        // It may have ended meanwhile, at either node.
        asking = false;
        node = this.#owners[slot] ?? node;
      } else if (code === null && readOnly && this.#owners[slot] !== node && this.#owners[slot]?.link.isUp === true) {
        redirections++;
        node = this.#owners[slot];
        asking = false;
      } else break;
      try {
        return await attempt(node, asking);
      } catch (cause) {
        error = cause;
      }
    }
    this.#stale = true;
    throw toUnreachable(error, node.name);
  }

  #redirect(asked: RedisNode, error: unknown): RedisNode | null {
    const endpoint = this.#nodes.get(asked.name)?.endpoint;
    if (this.#closed || endpoint === undefined || !(error instanceof Error)) return null;
    const target = toRedirection(error.message, endpoint);
    return target === null ? null : this.#nodeAt(target);
  }

  #nodeAt(endpoint: RedisEndpoint): RedisNode {
    const { dial, tracking, wait, interrupted } = this.#options;
    const known = this.#nodes.get(endpointName(endpoint));
    if (known !== undefined) return known.node;
    const events: LinkEvents = {
      ...tracking?.events,
      down: (link, error) => {
        interrupted();
        tracking?.events.down?.(link, error);
        this.#stale = true;
      },
    };
    const node = new RedisNode((own) => dial(endpoint, own), events, wait);
    this.#nodes.set(node.name, { node, endpoint });
    tracking?.add(node.link);
    node.open().catch(() => {
      // It is tried again, and whoever uses it meanwhile is told why it is down.
    });
    return node;
  }

  /** Five times a second. */
  #look(): void {
    this.#ticks++;
    const missing =
      this.#stale || this.#owners.includes(null) || [...this.#nodes.values()].some(({ node }) => !node.link.isUp);
    if (!missing && this.#ticks % STATE_EVERY !== 0) return;
    const force = missing || this.#ticks % SLOTS_EVERY === 0;
    this.#refreshing ??= this.#refresh(force)
      .catch(() => {
        // Asked again at the next tick.
      })
      .finally(() => {
        this.#refreshing = null;
      });
  }

  async #refresh(force: boolean): Promise<void> {
    const up = [...this.#nodes.values()].filter(({ node }) => node.link.isUp);
    if (up.length === 0) return this.#learnFromStrangers([...this.#others, ...this.#options.seeds]);
    const views = await Promise.all(
      up.map(async ({ node, endpoint }) => {
        const state = await node.send(['CLUSTER', 'INFO']).then(toClusterState, () => ({ ok: false, epoch: -1 }));
        return { node, endpoint, ...state };
      }),
    );
    const [best] = views.sort((a, b) => Number(b.ok) - Number(a.ok) || b.epoch - a.epoch);
    if (best === undefined || (!force && best.epoch === this.#epoch)) return;
    // The losing side of a partition knows nothing that this side did not know before.
    if (!best.ok && best.epoch <= this.#epoch) return;
    this.#stale = false;
    this.#epoch = best.epoch;
    this.#learn(toSlotRanges(await best.node.send(['CLUSTER', 'SLOTS']), best.endpoint));
  }

  /** Asks nodes there is no connection to, one after the other. */
  async #learnFromStrangers(endpoints: readonly RedisEndpoint[]): Promise<void> {
    let failure: unknown = closedFailure(this.name);
    for (const endpoint of endpoints) {
      if (this.#closed) return;
      const link = this.#options.dial(endpoint, {});
      try {
        await link.open();
        const ranges = toSlotRanges(await link.send(['CLUSTER', 'SLOTS']), endpoint);
        if (ranges.length > 0) {
          this.#learn(ranges);
          return;
        }
        failure = new StoreUnreachableError(`${link.name} knows of no slots: finish setting up the cluster`);
      } catch (error) {
        failure = error;
      } finally {
        link.close();
      }
    }
    throw failure;
  }

  #learn(ranges: readonly SlotRange[]): void {
    if (this.#closed || ranges.length === 0) return;
    const owners = new Array<RedisNode | null>(SLOTS).fill(null);
    for (const { first, last, primary } of ranges) owners.fill(this.#nodeAt(primary), first, last + 1);
    const changed = owners.some((owner, slot) => owner !== this.#owners[slot]);
    for (let slot = 0; slot < SLOTS; slot++) this.#owners[slot] = owners[slot] ?? null;
    this.#others = ranges.flatMap(({ primary, replicas }) => [...replicas, primary]);
    const used = new Set(owners);
    for (const [name, { node }] of this.#nodes) {
      // One that a slot is moving to is used already, before it owns any.
      if (used.has(node) || (!changed && node.link.isUp)) continue;
      this.#nodes.delete(name);
      this.#options.tracking?.remove(node.link);
      node.close();
    }
    if (changed) this.#moved();
  }

  /** Slots went to other nodes, as copies: by a migration whole, after a failover perhaps without the last writes. */
  #moved(): void {
    this.#options.tracking?.moved();
    // The first view of the cluster is no change; the watch begins behind it.
    if (this.#watch !== null) this.#options.interrupted();
  }

  #unowned(): StoreUnreachableError {
    this.#stale = true;
    if (this.#closed) return closedFailure(this.name);
    return new StoreUnreachableError(
      `the cluster of ${this.name} does not serve all slots: bring the missing nodes back`,
    );
  }
}
