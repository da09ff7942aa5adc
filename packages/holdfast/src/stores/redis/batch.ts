/**
 * Sends what is asked for in one turn of the event loop together: a script costs Redis more than what it does for one
 * ticket. Under load that is what came with the last look at the sockets; alone, nothing waits for anything.
 */

/** How many go together: few enough that nobody else waits long for Redis. */
const MOST = 32;

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class Batch<Item, Answer> {
  readonly #send: (items: readonly Item[]) => Promise<readonly Answer[]>;
  #waiting: Waiting<Item, Answer>[] = [];

  /** `send` answers for each item, in their order; when it rejects, so does every one of them. */
  constructor(send: (items: readonly Item[]) => Promise<readonly Answer[]>) {
    this.#send = send;
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ item, resolve, reject }) === 1) setImmediate(this.#flush);
    });
  }

  readonly #flush = (): void => {
    const all = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < all.length; at += MOST) void this.#sendSome(all.slice(at, at + MOST));
  };

  async #sendSome(some: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#send(some.map(({ item }) => item));
      for (const [place, { resolve }] of some.entries()) resolve(answers[place] as Answer);
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }
}
