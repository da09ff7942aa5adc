/** Moves one slot of a Redis Cluster in the steps of the protocol, so that a test can use its keys in between. */
import type { RedisServer } from './redis.ts';

/** Call `begin`, then `moveKeys` until it answers 0, then `finish`. */
export interface SlotMigration {
  readonly from: RedisServer;
  readonly to: RedisServer;
  /** From now on the old node answers ASK for keys that it does not have (any more). */
  begin(): Promise<void>;
  /** Moves up to `limit` keys (default: all); answers how many it moved. */
  moveKeys(limit?: number): Promise<number>;
  /** From now on the old node answers MOVED. */
  finish(): Promise<void>;
}

const TIMEOUT_MS = '5000';
const MOST = 10_000;

export async function prepareSlotMigration(
  nodes: readonly RedisServer[],
  slot: number,
  from: RedisServer,
  to: RedisServer,
): Promise<SlotMigration> {
  if (from === to) throw new Error(`Slot ${slot} is where it should go already.`);
  const setSlot = (node: RedisServer, ...args: readonly string[]): Promise<string> =>
    node.command('CLUSTER', 'SETSLOT', String(slot), ...args);
  const [fromId, toId] = await Promise.all([from.command('CLUSTER', 'MYID'), to.command('CLUSTER', 'MYID')]);
  return {
    from,
    to,
    async begin() {
      // In this order, because the old node sends clients over as soon as it knows.
      await setSlot(to, 'IMPORTING', fromId);
      await setSlot(from, 'MIGRATING', toId);
    },
    async moveKeys(limit = MOST) {
      const keys = await from.reply('CLUSTER', 'GETKEYSINSLOT', String(slot), String(limit));
      const names = (Array.isArray(keys) ? keys : []).filter((key) => Buffer.isBuffer(key));
      if (names.length === 0) return 0;
      await from.command('MIGRATE', to.host, String(to.port), '', '0', TIMEOUT_MS, 'KEYS', ...names);
      return names.length;
    },
    async finish() {
      // The new node first: without it, a crash in between would leave the slot with nobody.
      for (const node of [to, from]) await setSlot(node, 'NODE', toId);
      const others = nodes.filter((node) => node.isRunning && node !== to && node !== from);
      for (const node of others) {
        if ((await node.command('ROLE')).startsWith('master')) await setSlot(node, 'NODE', toId);
      }
    },
  };
}
