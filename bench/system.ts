/** What the runner has to know of a system under test; it knows nothing else of any of them. */

/** Where what a system stores can be counted from outside. */
export type WritesFrom = { readonly sqlite: string } | { readonly redis: true } | null;

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

export interface System {
  readonly name: string;
  /** As the tables call it. */
  readonly title: string;
  readonly group: 'floor' | 'peer' | 'ours';
  /** Arguments for Node, from the root of the repository. */
  readonly program: readonly string[];
  /** Added to what every system gets: BENCH_PORT, BENCH_DIRECTORY, BENCH_REDIS, SESSION_SECRET. */
  readonly environment: (port: number, directory: string) => Readonly<Record<string, string>>;
  readonly request: RequestShape;
  /** Without it every request carries a cookie of the usual size that nobody reads. */
  readonly signIn: ((index: number) => readonly SignInStep[]) | null;
  /** The most sessions that are made for it, where making one is slow. */
  readonly maxSessions?: number;
  readonly needs: { readonly redis: boolean; readonly peers: boolean };
  readonly writes: WritesFrom;
  /** Part of `--quick`. */
  readonly quick: boolean;
}
