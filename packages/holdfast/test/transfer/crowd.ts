/** People who use a store while their sessions move. */
import type { TransferableStore } from '../../src/core/transfer.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { nextIdOf, populate, seeded } from './population.ts';

/** People who do one random thing after another, the same with every run. */
export async function crowd(store: TransferableStore, seed: number): Promise<{ act(): Promise<void>; acts(): number }> {
  const ids = [...(await populate(store, 60))];
  const random = seeded(seed);
  let acts = 0;
  const anyone = (): string => ids[Math.floor(random() * ids.length)] as string;
  const things: readonly (() => Promise<void>)[] = [
    async () => {
      const record = sampleRecord({ userId: `new-${acts}`, data: { acts } });
      await store.create(record);
      ids.push(record.id);
    },
    async () => void (await store.update(anyone(), { set: { acts }, unset: ['flag'] })),
    async () => void (await store.touch(anyone(), START + acts, START + 3600_000 + acts * 10)),
    async () => void (await store.take(anyone(), { reason: 'signed-out', at: START })),
    async () => {
      const id = anyone();
      const found = await store.read(id);
      if (found.status !== 'live' || found.record.movedTo !== null) return;
      const { version } = found.record;
      const next = { ...found.record, id: nextIdOf(found.record), version: version + 1, lastSeenAt: START + acts };
      await store.move(id, { ifVersion: version, next, pointerExpiresAt: START + 30_000 });
      ids.push(next.id);
    },
    async () => void (await store.takeByUser(`user-${acts % 37}`, { reason: 'revoked', at: START })),
  ];
  return {
    acts: () => acts,
    async act() {
      acts++;
      await (things[Math.floor(random() * things.length)] as () => Promise<void>)();
    },
  };
}

/** The store with something happening before each operation of a move. */
export function acting(store: TransferableStore, act: () => Promise<void>): TransferableStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!['read', 'put', 'bury', 'scan'].includes(String(name))) return value.bind(target);
      return async (...args: unknown[]) => {
        await act();
        return Reflect.apply(value, target, args);
      };
    },
  });
}
