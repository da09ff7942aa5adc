/** Connects to the front, in the time that a first connection takes, and lets go of what comes too late. */
import { StoreUnreachableError } from '../../core/errors.ts';
import type { Awaitable } from '../../core/store.ts';
import { type Front, OpenFront } from './front.ts';
import { type Pace, Patience } from './pace.ts';

export interface ConnectorOptions {
  readonly connect: (namespace: string) => Awaitable<Front>;
  readonly pace: Pace;
}

/** Longer than for a question: modules to load, handshakes. */
const CONNECT_DEADLINE_MS = 5000;

export class Connector {
  readonly #connect: (namespace: string) => Awaitable<Front>;
  readonly #patience: Patience;
  #underway: { readonly namespace: string; readonly front: Promise<OpenFront> } | null = null;
  #closed = false;

  constructor({ connect, pace }: ConnectorOptions) {
    this.#connect = connect;
    this.#patience = new Patience(pace, CONNECT_DEADLINE_MS, 'the front of the layered store');
  }

  /** A handle of the caller's own. Rejects when there is none in time. */
  async open(namespace: string): Promise<OpenFront> {
    const making = (async () => this.#connect(namespace))();
    try {
      const store = await this.#patience.within(making);
      if (this.#closed) throw new StoreUnreachableError('the layered store was closed');
      return new OpenFront(store, namespace);
    } catch (error) {
      // One that comes too late is nobody's, and its connections would stay.
      making.then((store) => store.close()).catch(() => undefined);
      throw error;
    }
  }

  /** The same for everybody who waits for that namespace at once: they get one handle. */
  share(namespace: string): Promise<OpenFront> {
    if (this.#underway?.namespace === namespace) return this.#underway.front;
    const front = this.open(namespace).finally(() => {
      if (this.#underway?.front === front) this.#underway = null;
    });
    this.#underway = { namespace, front };
    return front;
  }

  close(): void {
    this.#closed = true;
    this.#patience.close();
  }
}

/** Closes a handle that is not needed any more. Never rejects: nothing depends on it. */
export async function letGo(front: OpenFront): Promise<void> {
  try {
    await front.store.close();
  } catch {
    // It is as good as closed.
  }
}
