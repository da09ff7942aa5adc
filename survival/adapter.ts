/**
 * What a system under test can do, as its operator and its visitors know it. Drills know nothing else of a system, so the
 * same drill runs on ours and on anybody's.
 */
import type { Answer, RequestPlan } from './http/client.ts';

/** Why a system cannot be asked for something. */
export interface NotApplicable {
  readonly notApplicable: string;
}

/** A thing that a system may not have. */
export type Maybe<T> = T | NotApplicable;

/** What an answer says about the visitor. `unknown`: neither yes nor no, such as a 503. */
export type Who =
  | { readonly state: 'signed-in'; readonly user: string }
  | { readonly state: 'signed-out'; readonly reason: string | null }
  | { readonly state: 'unknown'; readonly why: string };

/** How visitors speak to the system. */
export interface Routes {
  /** Makes the account; null where anybody may sign in. */
  readonly signUp: ((user: string) => RequestPlan) | null;
  signIn(user: string): RequestPlan;
  whoAmI(): RequestPlan;
  /** Reads an answer to `whoAmI`. */
  who(answer: Answer): Who;
  signOut(): RequestPlan;
  /** Requests to send one after the other; after the last one no session of the user is left. */
  readonly signOutEverywhere: Maybe<readonly RequestPlan[]>;
  readonly values: Maybe<ValueRoutes>;
}

/** Routes of a session that carries values. */
export interface ValueRoutes {
  /** Sets one key in a handler that takes `takesMs` between reading the session and writing to it. */
  write(key: string, value: string, takesMs: number): RequestPlan;
  read(key: string): RequestPlan;
  /** The value in an answer to `read`; null where there is none. */
  value(answer: Answer): string | null;
  /** Sets one key and redirects to a page that reads it. */
  writeAndRedirect(key: string, value: string): RequestPlan;
}

/** How a start ended. */
export type StartOutcome =
  | { readonly started: true }
  /** `said` is what the operator gets to read. */
  | { readonly started: false; readonly exitStatus: number | string; readonly said: string };

/** The store behind the system. */
export interface StoreControl {
  /** What is done to it, in a sentence for the evidence. */
  readonly description: string;
  /** It stays there and does not answer; `restore` ends it. */
  freeze(): Promise<void>;
  /** It is gone; `restore` ends it. */
  break(): Promise<void>;
  restore(): Promise<void>;
  /** Every write takes up to so many milliseconds, as across a network; 0 ends it. */
  slow(milliseconds: number): Promise<void>;
}

/** A system under test, in a temporary directory and on a port of its own. */
export interface System {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  readonly workers: number;
  /** Where it listens. */
  readonly port: number;
  readonly routes: Routes;
  readonly store: Maybe<StoreControl>;
  /** What it wrote so far. */
  readonly output: string;
  start(): Promise<void>;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** kill -9 of every process of the system, but not of an external store. */
  kill9(): Promise<void>;
  /** Stops, deletes everything but the data, installs the system anew in another place, and starts. Answers what was done. */
  rebuild(): Promise<Maybe<string>>;
  /** Puts a new key into use the way its documentation says, and restarts. Answers what was done. */
  rotateKey(): Promise<Maybe<string>>;
  /** Restarts with a key that it has never seen, and without the old one. */
  restartWithOtherKey(): Promise<Maybe<StartOutcome>>;
  /** Restarts with the key that was in use before `restartWithOtherKey`. */
  restartWithFormerKey(): Promise<void>;
  /** Starts as in production with no key configured at all. */
  startWithoutKey(): Promise<Maybe<StartOutcome>>;
  /** Moves the clock of its processes, at once. Answers how. */
  setClock(offsetSeconds: number): Promise<Maybe<string>>;
  /** Ends everything and removes the directory. */
  dispose(): Promise<void>;
}

/** How to make systems of one kind. */
export interface SystemKind {
  readonly id: string;
  readonly title: string;
  /** One of ours, or a peer for comparison. */
  readonly ours: boolean;
  /** In which form it is tried, for the report: documented defaults, workers, store. */
  readonly setting: string;
  /** Null when everything is there; otherwise the sentence that says what to install. May install. */
  prepare(): Promise<string | null>;
  version(): string;
  create(): Promise<System>;
}

export function isApplicable<T>(value: Maybe<T>): value is T {
  return !(typeof value === 'object' && value !== null && 'notApplicable' in value);
}
