/** Compares a process's key ring with its fleet and with the live sessions, before anybody is signed out by a wrong key. */
import type { KeyAnnouncement, StoreCounts } from './store.ts';

/** A process's ring beside those of its fleet. Key ids are fingerprints: 8 hex digits. */
export interface KeyAnnounced {
  readonly status: 'announced';
  /** This process's ring, the signing key first. */
  readonly keyIds: readonly string[];
  /** Processes of the fleet that announced another ring within the last two minutes. */
  readonly differing: readonly { readonly instance: string; readonly keyIds: readonly string[] }[];
}

/** What a process should know of the keys before it serves. Key ids are fingerprints: 8 hex digits. */
export interface KeyReport {
  readonly status: 'checked';
  /** This process's ring, the signing key first. */
  readonly keyIds: readonly string[];
  /** Live sessions in all. */
  readonly sessions: number;
  /** Key id → live sessions with a token under it, for every key that any session depends on. */
  readonly sessionsByKey: Readonly<Record<string, number>>;
  /** Keys that live sessions depend on and this ring lacks. Not empty: starting would sign these people out. */
  readonly missing: readonly { readonly keyId: string; readonly sessions: number }[];
  /** Processes of the fleet that announced another ring within the last two minutes. */
  readonly differing: readonly { readonly instance: string; readonly keyIds: readonly string[] }[];
}

/** How long an announcement counts: a process repeats its own every 30 s. */
export const ANNOUNCEMENT_MS: number = 2 * 60 * 1000;

/** The processes that announced another ring than ours. */
export function differingRings(
  keyIds: readonly string[],
  announcements: readonly KeyAnnouncement[],
  instance: string,
): KeyAnnounced['differing'] {
  return announcements
    .filter((other) => other.instance !== instance && other.keyIds.join() !== keyIds.join())
    .map((other) => ({ instance: other.instance, keyIds: other.keyIds }));
}

/** Judges what was read from the store. */
export function reportKeys({ keyIds, differing }: KeyAnnounced, counts: StoreCounts): KeyReport {
  return {
    status: 'checked',
    keyIds,
    sessions: counts.sessions,
    sessionsByKey: counts.byKey,
    missing: Object.entries(counts.byKey)
      .filter(([keyId, sessions]) => sessions > 0 && !keyIds.includes(keyId))
      .map(([keyId, sessions]) => ({ keyId, sessions })),
    differing,
  };
}
