/** What the redis store needs of a connection, whether one server, Sentinel or Cluster is behind it. */

/** What Redis answers: bulk strings are Buffers, maps are flat lists of keys and values. */
export type RedisReply = Buffer | string | number | boolean | null | readonly RedisReply[];

/** What a command consists of. Numbers are written as text by the caller. */
export type RedisArgument = string | Buffer;

/** A Lua script and what may be done with it. */
export interface RedisScript {
  readonly source: string;
  /** SHA-1 of the source, hexadecimal. */
  readonly sha1: string;
  /** It writes nothing: sent by EVALSHA_RO, and again once when its connection broke. */
  readonly readOnly: boolean;
  /** It starts or ends a session: where `waitReplicas` was chosen, it is answered when replicas have it as well. */
  readonly replicated?: boolean;
}

/** One way to Redis. Every rejection is a StoreUnreachableError, also after `close`. */
export interface RedisPort {
  /** `redis://host:port/0` and the like, without user and password: for messages. */
  readonly name: string;
  /**
   * Sends a command whose keys are all in the slot of `key`. `readOnly` commands are sent once more when their connection
   * broke under them; others are not, because nobody knows whether they were carried out.
   */
  send(key: string, args: readonly RedisArgument[], readOnly: boolean): Promise<RedisReply>;
  /** Runs a script by its SHA-1, sent whole when the server does not know it. The first key says where. */
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply>;
  /** Every primary that is in use, for what is asked of servers and not of keys (`inspect`). */
  primaries(): Promise<readonly RedisServer[]>;
  close(): Promise<void>;
}

/** One server behind a port. */
export interface RedisServer {
  /** `host:port`, or the path of a socket. */
  readonly name: string;
  /** Rejects with what Redis said; see `redisErrorCode` (failure.ts). */
  send(args: readonly RedisArgument[]): Promise<RedisReply>;
}

/** Whoever keeps copies of what was read (RecordCache): told at once, in the order in which Redis said it. */
export interface TrackingSink {
  /** Something in the bucket of this home was written. */
  invalidate(home: number): void;
  /** Everything may have been written. */
  invalidateAll(): void;
  /** Messages come from now on, for every read that is sent from now on. */
  trust(): void;
  /** Messages come no more. */
  distrust(): void;
  /** The channel proved alive at this moment. */
  heard(): void;
}
