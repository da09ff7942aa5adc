/** Gathers the reads that come while others are under way, and asks for all of them at once. */
import { StoreUnreachableError } from '../../core/errors.ts';
import type { Row } from './driver.ts';

interface Waiting {
  readonly id: string;
  readonly resolve: (row: Row | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements under way at a time. A few: the more wait meanwhile, the fewer statements each read costs. */
const LANES = 4;
/** Ids in one statement. */
const LARGEST = 100;
/** Reads that may wait; more are answered at once while the database is slow. */
const MOST_WAITING = 10_000;

export class ReadBatch {
  readonly #ask: (ids: readonly string[]) => Promise<readonly Row[]>;
  readonly #lanes: number;
  #waiting: Waiting[] = [];
  #busy = 0;

  /** `ask` answers the rows that there are, in any order; the id comes first in each. */
  constructor(ask: (ids: readonly string[]) => Promise<readonly Row[]>, connections: number) {
    this.#ask = ask;
    this.#lanes = Math.min(LANES, connections);
  }

  /** The row under the id. A read that finds a lane free goes out by itself and at once. */
  read(id: string): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MOST_WAITING) {
        reject(new StoreUnreachableError(`${MOST_WAITING} reads wait for the database already`));
        return;
      }
      this.#waiting.push({ id, resolve, reject });
      if (this.#busy < this.#lanes) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busy++;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, LARGEST);
      try {
        const rows = await this.#ask(batch.map(({ id }) => id));
        const found = new Map(rows.map((row) => [row[0], row]));
        for (const { id, resolve } of batch) resolve(found.get(id));
      } catch (error) {
        // Whoever waited behind them would wait as long for the same.
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error);
      }
    }
    this.#busy--;
  }
}
