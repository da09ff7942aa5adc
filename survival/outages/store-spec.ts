/** Names a store in a way that passes through an environment variable, and opens it. */
import type { Clock } from 'holdfast';
import type { PostgresStoreOptions } from 'holdfast/stores/postgres';
import type { RedisStoreOptions } from 'holdfast/stores/redis';

export interface SqliteSpec {
  readonly kind: 'sqlite';
  readonly directory: string;
}

export interface RedisSpec extends Pick<RedisStoreOptions, 'prefix' | 'cache' | 'waitReplicas'> {
  readonly kind: 'redis';
  readonly url: string;
}

export interface PostgresSpec extends Pick<PostgresStoreOptions, 'cache'> {
  readonly kind: 'postgres';
  readonly url: string;
  /** Past PgBouncer, for LISTEN. */
  readonly listenUrl?: string;
}

/** A fast store over a durable one. */
export interface LayeredSpec {
  readonly kind: 'layered';
  readonly front: RedisSpec;
  readonly back: SqliteSpec | PostgresSpec;
}

export type StoreSpec = SqliteSpec | RedisSpec | PostgresSpec | LayeredSpec;

/** Opens it; what it needs is only loaded here, so that a drill without Redis needs no client of Redis. */
export async function openStore(spec: StoreSpec, clock: Clock) {
  if (spec.kind !== 'layered') return openPlain(spec, clock);
  const { layeredStore } = await import('holdfast/stores/layered');
  // The back has the last word, so it is asked and not remembered.
  const back = await openPlain(spec.back.kind === 'postgres' ? { ...spec.back, cache: false } : spec.back, clock);
  return layeredStore({
    front: (namespace: string) => openPlain({ ...spec.front, prefix: namespace }, clock),
    back,
    clock,
  });
}

async function openPlain(spec: Exclude<StoreSpec, LayeredSpec>, clock: Clock) {
  switch (spec.kind) {
    case 'sqlite': {
      const { sqliteStore } = await import('holdfast/stores/sqlite');
      return sqliteStore({ directory: spec.directory, clock });
    }
    case 'redis': {
      const { redisStore } = await import('holdfast/stores/redis');
      const { kind: _, ...options } = spec;
      return redisStore({ ...options, clock });
    }
    case 'postgres': {
      const { postgresStore } = await import('holdfast/stores/postgres');
      const { kind: _, ...options } = spec;
      return postgresStore({ ...options, clock });
    }
  }
}
