/** What an operator should know of two layers before people depend on them. */
import type { StoreFinding } from '../../core/store.ts';
import type { TransferableStore } from '../../core/transfer.ts';

export const FRONT_NOT_IN_USE: StoreFinding = {
  severity: 'warning',
  code: 'front-not-in-use',
  message: 'the store in front does not answer, or was suspended a moment ago: the durable one does all the work',
  fix: 'Start it and check its address; it is taken into use by itself.',
};

const CACHED_BACK: StoreFinding = {
  severity: 'problem',
  code: 'cached-back',
  message: 'the store behind answers from a cache in process, so an ended session can come back through the front',
  fix: 'Open the store behind with `cache: false`; the one in front has the cache.',
};

/** The back has the last word, so it must not answer from memory. */
export function findCache(back: TransferableStore & { cacheStats?(): unknown }): readonly StoreFinding[] {
  return (back.cacheStats?.() ?? null) === null ? [] : [CACHED_BACK];
}
