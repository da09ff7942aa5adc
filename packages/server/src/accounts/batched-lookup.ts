/** Asks for many rows in one query: what comes up in one turn of the event loop goes out together. */

/** The row with the id, or null. */
export type Lookup<T> = (id: string) => Promise<T | null>;

/** Enough for a busy process, and a query that is still quick. */
const BATCH_MAX = 200;

interface Waiting<T> {
  readonly promise: Promise<T | null>;
  readonly resolve: (row: T | null) => void;
  readonly reject: (error: unknown) => void;
}

/** `load` answers the rows that exist, in any order. */
export function batchedLookup<T extends { readonly id: string }>(
  load: (ids: readonly string[]) => Promise<readonly T[]>,
): Lookup<T> {
  let waiting = new Map<string, Waiting<T>>();

  function send(batch: ReadonlyMap<string, Waiting<T>>): void {
    load([...batch.keys()]).then(
      (rows) => {
        const found = new Map(rows.map((row) => [row.id, row]));
        for (const [id, { resolve }] of batch) resolve(found.get(id) ?? null);
      },
      (error: unknown) => {
        for (const { reject } of batch.values()) reject(error);
      },
    );
  }

  function flush(): void {
    const batch = waiting;
    waiting = new Map();
    if (batch.size > 0) send(batch);
  }

  return (id) => {
    const known = waiting.get(id);
    if (known !== undefined) return known.promise;
    if (waiting.size === 0) setImmediate(flush);
    const entry = Promise.withResolvers<T | null>();
    waiting.set(id, entry);
    if (waiting.size >= BATCH_MAX) flush();
    return entry.promise;
  };
}
