/** What an outage drill is: a backend, what goes wrong with it, and how that ends. */
import type { Fault } from './ledger.ts';
import type { StoreSpec } from './store-spec.ts';

/** A drill's servers, running. */
export interface Scene {
  readonly store: StoreSpec;
  /** Names and versions of what runs, such as `redis 7.0.15, appendfsync always`. */
  readonly backend: string;
  /** Lets it happen; answers when it has happened, not when it is over. */
  fail(): Promise<void>;
  /** While it lasts, called once: what goes on meanwhile, such as moving keys. */
  meanwhile?(): Promise<void>;
  /** Ends it; answers when the backend itself works again. Where it heals by itself: waits for that. */
  mend(): Promise<void>;
  /** Looks at the backend afterwards; answers sentences worth telling. */
  afterwards?(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Lets a drill do something to the processes of the application. */
export interface Processes {
  kill(index: number): Promise<void>;
  start(index: number): Promise<void>;
}

/** An exception to "nothing is lost", which the page names beside the figures. */
export interface Loss {
  readonly faults: readonly Fault[];
  /** One sentence. */
  readonly why: string;
}

export interface OutageDrill {
  readonly id: string;
  readonly title: string;
  /** What happens, in a sentence or two. */
  readonly does: string;
  /** How long it lasts under load, in seconds: in a full run, and shortened. */
  readonly seconds: { readonly full: number; readonly short: number };
  /** What the backend's own rules can lose of what it acknowledged; null where nothing may be lost. */
  readonly mayLose: Loss | null;
  /** Starts the servers. */
  open(processes: Processes): Promise<Scene>;
}
