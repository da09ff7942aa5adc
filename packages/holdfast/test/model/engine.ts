/** The real engine for the model tests, from the sources or from a copy with one rule broken (HOLDFAST_MODEL_SOURCE). */
import type { Clock } from '../../src/core/crypto.ts';
import type { EventSink } from '../../src/core/events.ts';
import type { SessionRecord } from '../../src/core/record.ts';
import type { Sessions } from '../../src/core/sessions.ts';
import type { Store } from '../../src/core/store.ts';

const source = process.env.HOLDFAST_MODEL_SOURCE ?? new URL('../../src/', import.meta.url).href;

const { createEngine } = (await import(`${source}core/sessions.ts`)) as typeof import('../../src/core/sessions.ts');
const { createKeyRing } = (await import(`${source}core/key-ring.ts`)) as typeof import('../../src/core/key-ring.ts');
const { issueToken, checkToken } = (await import(`${source}core/token.ts`)) as typeof import('../../src/core/token.ts');
const { resolvePolicy } = (await import(`${source}core/policy.ts`)) as typeof import('../../src/core/policy.ts');
const { nodeCrypto } = (await import(`${source}runtime/node.ts`)) as typeof import('../../src/runtime/node.ts');
const { StoreUnreachableError } = (await import(
  `${source}core/errors.ts`
)) as typeof import('../../src/core/errors.ts');

export { checkToken, issueToken, StoreUnreachableError };

const OLDER = 'Zk3vQ9xT7pL2mN8sRw4Yb6Hc1Jd5Fg0AqXeUiOtPaSk';
const NEWER = 'mB7nV4cX1zL9kJ3hG6fD8sA0pO5iU2yT-rE_wQqWxZv';

/** Two rings of a fleet in the middle of a key rotation. */
export const rings = {
  older: createKeyRing([OLDER, NEWER], nodeCrypto),
  newer: createKeyRing([NEWER, OLDER], nodeCrypto),
};

/** One process of the fleet. */
export function engineOn(
  store: Store,
  clock: Clock,
  ring = rings.newer,
  onEvent: EventSink = () => undefined,
): Sessions {
  const policy = resolvePolicy({ idleSeconds: 30 * 86_400, absoluteSeconds: 400 * 86_400 });
  const context = {
    store,
    ring,
    crypto: nodeCrypto,
    clock,
    timers: { after: () => () => undefined },
    deadlineMs: 1000,
    onEvent,
  };
  return createEngine(context, policy);
}

/** A record in a given state of rotation; everything else is of no concern here. */
export function recordIn(generation: number, confirmedIssuedAt: number, nowMs: number): SessionRecord {
  return {
    id: 'modelmodelmodelmodelmA',
    version: 1,
    userId: 'ada',
    createdAt: nowMs,
    authenticatedAt: nowMs,
    amr: ['pwd'],
    idleSeconds: 30 * 86_400,
    absoluteExpiresAt: nowMs + 400 * 86_400_000,
    lastSeenAt: nowMs,
    expiresAt: nowMs + 30 * 86_400_000,
    device: {},
    data: {},
    generation,
    confirmedIssuedAt,
    keyId: rings.newer.signing.id,
    previousKeyId: null,
    movedTo: null,
  };
}
