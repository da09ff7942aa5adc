/**
 * Clears away namespaces that nobody reads any more: the copies in them would last as long as their sessions, and a front
 * that is opened anew again and again would fill up with them.
 */
import { type Connector, letGo } from './connector.ts';
import type { OpenFront } from './front.ts';
import type { Pace } from './pace.ts';

/** How long after the namespace was left: by then what paused processes still write there has arrived. */
const LATER_MS = 60_000;
const BATCH = 100;
/** Between two batches, so that clearing never keeps people waiting. */
const BREATH_MS = 25;

export interface ClearingOptions {
  readonly connector: Connector;
  readonly pace: Pace;
}

export class Clearing {
  readonly #options: ClearingOptions;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(options: ClearingOptions) {
    this.#options = options;
  }

  /** In the background. Where it fails, what is left ages out with its sessions. */
  later(namespace: string): void {
    void this.#rest(LATER_MS)
      .then(() => (this.#closed ? undefined : this.#clear(namespace)))
      .catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#waiting) end();
  }

  async #clear(namespace: string): Promise<void> {
    const front = await this.#options.connector.open(namespace);
    try {
      await this.#empty(front);
    } finally {
      await letGo(front);
    }
  }

  async #empty({ store }: OpenFront): Promise<void> {
    let cursor: string | null = null;
    do {
      const { entries, next } = await store.scan(cursor, BATCH);
      for (const { id } of entries) {
        if (this.#closed) return;
        await store.delete(id);
      }
      cursor = next;
      await this.#rest(BREATH_MS);
    } while (cursor !== null && !this.#closed);
  }

  /** Over at once when the store is closed. */
  #rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = this.#options.pace.after(milliseconds, end);
      this.#waiting.add(end);
    });
  }
}
