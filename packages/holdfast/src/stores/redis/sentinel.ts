/**
 * The primary that sentinels name, followed through failovers.
 *
 * node-redis's own sentinel client is not used: it reads from replicas where that is allowed, hides which connection an
 * answer came over (so nothing that it reads can be tracked), and lets commands wait while it looks for the primary. Here
 * each sentinel is asked once a second, and every 200 ms while there is no primary. The answer with the highest epoch
 * counts, so that a sentinel on the wrong side of a partition does not lead back to a demoted primary; and a server that
 * does not call itself the primary (Redis command ROLE) is not used.
 */

import { StoreUnreachableError } from '../../core/errors.ts';
import { endpointName, type RedisEndpoint } from './address.ts';
import { closedFailure, redisErrorCode, toUnreachable } from './failure.ts';
import type { Link, LinkEvents, LinkOptions } from './link.ts';
import { RedisNode } from './node.ts';
import type { ReplicaWait } from './options.ts';
import type { RedisArgument, RedisPort, RedisReply, RedisScript, RedisServer } from './port.ts';
import type { Tracking } from './tracking.ts';

export interface SentinelOptions {
  readonly name: string;
  /** What the sentinels call the primary. */
  readonly primaryName: string;
  readonly sentinels: readonly RedisEndpoint[];
  readonly dialSentinel: (endpoint: RedisEndpoint, events: LinkEvents, extra: Partial<LinkOptions>) => Link;
  readonly dialServer: (endpoint: RedisEndpoint, events: LinkEvents, extra: Partial<LinkOptions>) => Link;
  readonly tracking: Tracking | null;
  readonly wait: ReplicaWait | null;
  /** How long a start waits for a primary. */
  readonly startMs: number;
}

const ASK_MS = 1000;
const ASK_AGAIN_MS = 200;
/** Writes that a switch to another primary interrupts fail at once; what only reads waits so long for the new one. */
const SWITCH_MS = 300;
/** How long a connection waits for what the sentinels say, before its server counts as the primary. */
const HEAR_MS = 250;

/** What a sentinel says. */
interface Said {
  readonly endpoint: RedisEndpoint;
  readonly epoch: number;
}

/** Resolves once connected to a primary; rejects when no sentinel answered or none of them knows it. */
export async function openSentinel(options: SentinelOptions): Promise<RedisPort> {
  const port = new SentinelPort(options);
  try {
    await port.open();
  } catch (error) {
    await port.close();
    throw error;
  }
  return port;
}

class SentinelPort implements RedisPort {
  readonly name: string;
  readonly #options: SentinelOptions;
  readonly #sentinels: readonly Link[];
  #node: RedisNode | null = null;
  #address = '';
  #epoch = -1;
  #urgent: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: SentinelOptions) {
    this.name = options.name;
    this.#options = options;
    const listen = (link: Link): void => void this.#ask(link);
    this.#sentinels = options.sentinels.map((endpoint) =>
      options.dialSentinel(endpoint, { up: listen, alive: listen }, { heartbeatMs: ASK_MS }),
    );
  }

  /** The first sentinel that answers will do: one that knows of a newer primary is believed when it is heard. */
  async open(): Promise<void> {
    const asked = this.#sentinels.map(async (link) => {
      await link.open();
      return this.#hear(link);
    });
    try {
      await Promise.any(asked);
    } catch (error) {
      throw error instanceof AggregateError ? worst(error.errors) : error;
    }
    if (this.#node === null) throw new StoreUnreachableError(`the sentinels of ${this.name} name no primary`);
    // In the middle of a failover the next answer of a sentinel leads further.
    await this.#node.whenUp(this.#options.startMs);
    if (!this.#node.link.isUp) throw this.#node.link.lastError;
  }

  send(_key: string, args: readonly RedisArgument[], readOnly: boolean): Promise<RedisReply> {
    const node = this.#node;
    if (node === null) return Promise.reject(closedFailure(this.name));
    if (!readOnly) return node.send(args).catch((error: unknown) => this.#fail(node, error));
    return node.read(args).catch((error: unknown) => this.#readAgain(node, error, (next) => next.send(args)));
  }

  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply> {
    const node = this.#node;
    if (node === null) return Promise.reject(closedFailure(this.name));
    const answer = node.run(script, keys, args, false);
    if (!script.readOnly) return answer.catch((error: unknown) => this.#fail(node, error));
    return answer.catch((error: unknown) =>
      this.#readAgain(node, error, (next) => next.run(script, keys, args, false)),
    );
  }

  async primaries(): Promise<readonly RedisServer[]> {
    if (this.#node === null) throw closedFailure(this.name);
    if (!this.#node.link.isUp) throw this.#node.link.lastError;
    return [this.#node];
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#urgent !== null) clearInterval(this.#urgent);
    for (const sentinel of this.#sentinels) sentinel.close();
    this.#node?.close();
    this.#node = null;
  }

  /** When the connection was taken away because there is a new primary, what only reads can be asked of that. */
  async #readAgain(
    node: RedisNode,
    error: unknown,
    again: (next: RedisNode) => Promise<RedisReply>,
  ): Promise<RedisReply> {
    const next = this.#node;
    if (next === null || next === node || redisErrorCode(error) !== null) return this.#fail(node, error);
    await next.link.whenUp(SWITCH_MS);
    return again(next).catch((reason: unknown) => this.#fail(next, reason));
  }

  #fail(node: RedisNode, error: unknown): never {
    const failure = toUnreachable(error, node.name);
    // It was demoted under us. The connection is made again, and with it the question for its role.
    if (redisErrorCode(error) === 'READONLY' && node === this.#node) node.reset(failure);
    throw failure;
  }

  async #askAll(): Promise<void> {
    const asked = this.#sentinels.filter((sentinel) => sentinel.isUp).map((sentinel) => this.#ask(sentinel));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, HEAR_MS);
    });
    await Promise.race([Promise.all(asked), patience]);
    clearTimeout(timer);
  }

  async #ask(sentinel: Link): Promise<void> {
    try {
      await this.#hear(sentinel);
    } catch {
      // Another sentinel answers, or this one is asked again soon.
    }
  }

  async #hear(sentinel: Link): Promise<void> {
    const { primaryName } = this.#options;
    const [address, facts] = await Promise.all([
      sentinel.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', primaryName]),
      sentinel.send(['SENTINEL', 'MASTER', primaryName]),
    ]);
    const said = toSaid(address, facts);
    if (said !== null) this.#consider(said);
  }

  #consider({ endpoint, epoch }: Said): void {
    if (this.#closed || epoch < this.#epoch) return;
    const address = endpointName(endpoint);
    if (address === this.#address) {
      this.#epoch = epoch;
      return;
    }
    if (epoch === this.#epoch && this.#node?.link.isUp) return;
    this.#epoch = epoch;
    this.#address = address;
    this.#switchTo(endpoint);
  }

  #switchTo(endpoint: RedisEndpoint): void {
    const { dialServer, tracking, wait } = this.#options;
    const former = this.#node;
    const events: LinkEvents = {
      ...tracking?.events,
      up: (link) => {
        this.#calm(link);
        tracking?.events.up?.(link);
      },
      down: (link, error) => {
        tracking?.events.down?.(link, error);
        this.#hurry(link);
      },
    };
    const accept = async (send: Parameters<typeof isPrimary>[0]): Promise<void> => {
      // A former primary that was started again calls itself one until the sentinels make it a replica, and they learn of a
      // failover one after the other: all of them are asked, and the one that knows most counts.
      await this.#askAll();
      if (this.#node !== null && this.#node !== node) throw new Error('the sentinels name another primary now');
      await isPrimary(send);
    };
    const node: RedisNode = new RedisNode((own) => dialServer(endpoint, own, { accept }), events, wait);
    this.#node = node;
    tracking?.add(node.link);
    if (former !== null) {
      // Not a moment longer: what a demoted primary accepts is lost.
      former.close();
      tracking?.remove(former.link);
    }
    node.open().catch(() => {
      // It is tried again, and whoever uses it meanwhile is told why it is down.
    });
    this.#hurry(node.link);
  }

  #hurry(link: Link): void {
    if (this.#closed || link !== this.#node?.link || this.#urgent !== null) return;
    this.#urgent = setInterval(() => {
      for (const sentinel of this.#sentinels) if (sentinel.isUp) void this.#ask(sentinel);
    }, ASK_AGAIN_MS);
    this.#urgent.unref();
  }

  #calm(link: Link): void {
    if (link !== this.#node?.link || this.#urgent === null) return;
    clearInterval(this.#urgent);
    this.#urgent = null;
  }
}

async function isPrimary(send: (args: readonly string[]) => Promise<RedisReply>): Promise<void> {
  let role: RedisReply;
  try {
    role = await send(['ROLE']);
  } catch (error) {
    // A user who may not ask: then Sentinel's word must do.
    if (redisErrorCode(error) === 'NOPERM') return;
    throw error;
  }
  if (Array.isArray(role) && String(role[0]) === 'master') return;
  throw new Error('READONLY it is a replica now');
}

/** The address that counts, and from the facts (a flat list of names and values) how new it is. */
function toSaid(address: RedisReply, facts: RedisReply): Said | null {
  if (!Array.isArray(address) || !Array.isArray(facts)) return null;
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < facts.length; index += 2) fields.set(String(facts[index]), String(facts[index + 1]));
  const [host, port] = [String(address[0]), Number(address[1])];
  const epoch = Number(fields.get('config-epoch') ?? 0);
  // From the promotion until all replicas follow, the facts keep the former primary and its epoch.
  const promoted = Number(fields.get('port')) !== port || fields.get('ip') !== host;
  return { endpoint: { host, port }, epoch: promoted ? epoch + 0.5 : epoch };
}

/** Of several failures the one that somebody must mend: an answer says more than silence. */
function worst(errors: readonly unknown[]): unknown {
  return errors.find((error) => redisErrorCode(error) !== null) ?? errors[0];
}
