/** The systems under test: floors, peers in their documented defaults (and tuned, where their documentation says how), ours. */
import type { System } from './system.ts';
import * as floors from './systems/floors.ts';
import * as ours from './systems/ours.ts';
import { PEERS } from './systems/peers.ts';

/** In the order in which they take turns: what is compared with each other stands together. */
export const SYSTEMS: readonly System[] = [
  floors.RAW_HTTP,
  ours.LIBRARY_REDIS_L1,
  floors.NODE_L1,
  floors.NODE_REDIS,
  ours.LIBRARY_REDIS,
  floors.NODE_REDIS_TIMER,
  ours.LIBRARY_SQLITE,
  floors.NODE_SQLITE,
  ours.LIBRARY_MEMORY,
  floors.NODE_POSTGRES,
  ours.LIBRARY_POSTGRES,
  ours.LIBRARY_POSTGRES_L1,
  ours.LIBRARY_LAYERED,
  ours.LIBRARY_LAYERED_L1,
  floors.FASTIFY,
  ours.SERVICE_REDIS_L1,
  ours.SERVICE_LAYERED_L1,
  ours.SERVICE_SQLITE,
  floors.FASTIFY_L1,
  floors.FASTIFY_REDIS,
  ...PEERS,
];

/** Throws when there is none of that name. */
export function systemOf(name: string): System {
  const system = SYSTEMS.find((each) => each.name === name);
  if (system === undefined) throw new Error(`there is no system ${name}`);
  return system;
}
