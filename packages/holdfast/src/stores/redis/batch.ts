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

  /** Of many about half, and the rest with the next turn: Redis works on one half while this process works on the other. */
  readonly #flush = (): void => {
    const now = this.#waiting.splice(0, MOST * Math.ceil(this.#waiting.length / MOST / 2));
    if (this.#waiting.length > 0) setImmediate(this.#flush);
    for (let at = 0; at < now.length; at += MOST) void this.#sendSome(now.slice(at, at + MOST));
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
