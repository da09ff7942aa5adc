/** What a store may answer with. */

/** A value or a promise of it: embedded stores answer at once, and then cost no microtask queue of their own. */
export type Awaitable<T> = T | PromiseLike<T>;
