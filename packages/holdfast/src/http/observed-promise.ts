/** A promise that knows whether anybody looks at it, because an outcome that nobody sees must not be lost. */

/** `await`, `Promise.all` and the rest all look at a promise of another class through its `then`. */
const LOOK = 'then';

/** A promise of which one can tell whether anybody awaited it, or asked for its outcome in another way. */
export interface ObservedPromise<T> extends Promise<T> {
  readonly isObserved: boolean;
}

/** Follows `source`. Its rejection is for whoever asks `isObserved` to report; it never counts as unhandled. */
export function observe<T>(source: Promise<T>): ObservedPromise<T> {
  const promise = new Observed<T>((resolve) => resolve(source));
  Promise.prototype.then.call(promise, undefined, () => undefined);
  return promise;
}

/** Native in every other respect: promises derived from it are ordinary ones. */
class Observed<T> extends Promise<T> implements ObservedPromise<T> {
  /** `then`, `catch` and `finally` must give plain promises: only the first one is observed. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  #observed = false;

  get isObserved(): boolean {
    return this.#observed;
  }

  override [LOOK]<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#observed = true;
    return super.then(onFulfilled, onRejected);
  }
}
