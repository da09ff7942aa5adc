/** What the runner has to know of a system under test; it knows nothing else of any of them. */

/**
 * Where what a system stores can be counted from outside. In Redis either its commands count, or the scripts that write:
 * Redis counts the commands inside a script as well.
 */
export type WritesFrom =
  | { readonly sqlite: string }
  | { readonly redis: 'commands' | 'scripts' }
  | { readonly postgres: true }
  | null;

/** One request as it goes over the wire, without its cookies. */
export interface RequestShape {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a person gets cookies: requests with JSON bodies, the last of which answers with Set-Cookie. */
export interface SignInStep {
  readonly path: string;
  readonly body: unknown;
  /** A status that is as good as success, such as 409 for an account that is there already. */
  readonly allowed?: number;
}

/** What a system is given to work with. */
export interface Place {
  /** Where it listens. */
  readonly port: number;
  /** A folder of its own. */
  readonly directory: string;
  /** The Redis of the run; '' where the system needs none. */
  readonly redisUrl: string;
  /** An empty database of its own; '' where the system needs none. */
  readonly postgresUrl: string;
}

/** What has to be there besides Node. */
export interface Needs {
  readonly redis: boolean;
  readonly postgres: boolean;
  /** The packages of `bench/peers`. */
  readonly peers: boolean;
}

/** Where a system finds its sessions: pictures and tables set together what is comparable. */
export type Section = 'none' | 'embedded' | 'redis' | 'postgres';

export interface System {
  readonly name: string;
  /** As the tables call it. */
  readonly title: string;
  readonly group: 'floor' | 'peer' | 'ours';
  readonly section: Section;
  /** Arguments for Node, from the root of the repository. */
  readonly program: readonly string[];
  /** Added to what every system gets: BENCH_PORT, BENCH_DIRECTORY, BENCH_REDIS, BENCH_POSTGRES, BENCH_PREFIX, SESSION_SECRET. */
  readonly environment: (place: Place) => Readonly<Record<string, string>>;
  readonly request: RequestShape;
  /** Without it every request carries a cookie of the usual size that nobody reads. */
  readonly signIn: ((index: number) => readonly SignInStep[]) | null;
  /** The most sessions that are made for it, where making one is slow. */
  readonly maxSessions?: number;
  readonly needs: Needs;
  readonly writes: WritesFrom;
  /** Part of `--quick`. */
  readonly quick: boolean;
}
