/** What differs from system to system: how to run it, where its keys go, which store it has, how to speak to it. */
import type { Maybe, Routes, StoreControl } from '../adapter.ts';
import type { Program } from '../process/process-group.ts';

/** Where a system of this run lives. */
export interface Place {
  readonly port: number;
  /** Temporary, for everything. */
  readonly root: string;
  /** What outlives a rebuild. */
  readonly data: string;
  /** The working directory, and after a rebuild the place where the system is installed. */
  readonly home: string;
  /** Whether it was installed into `home`; otherwise it runs from the repository. */
  readonly rebuilt: boolean;
  readonly workers: number;
  /** Address of an external store; empty where there is none. */
  readonly storeUrl: string;
}

/** A store that has to run before the system does. */
export interface ExternalStore {
  readonly url: string;
  readonly control: StoreControl;
  stop(): Promise<void>;
}

export interface Recipe {
  readonly id: string;
  readonly title: string;
  readonly ours: boolean;
  readonly setting: string;
  readonly workers: number;
  readonly routes: Routes;
  /** Null when everything is there; otherwise what to install. May install. */
  prepare(): Promise<string | null>;
  version(): string;
  /** Keys newest first, without the environment that {@link Recipe.keys} gives. */
  program(place: Place): Program;
  /** The environment for a key ring, newest first; a system that takes one key uses the first. */
  keys(ring: readonly string[]): Maybe<Readonly<Record<string, string>>>;
  /** Whether its documentation lets old keys verify beside the new one, or what it says instead. */
  readonly rotation: { readonly ring: boolean; readonly documented: string };
  /** Answers GET with a status below 500 once it serves. */
  readonly readyPath: string;
  readonly startStore: ((directory: string) => Promise<ExternalStore>) | null;
  /** Control of an embedded store, or why there is nothing to control. */
  embeddedStore(place: () => Place): Maybe<StoreControl>;
  /** Installs into `place.home`; answers what was done. */
  rebuild(place: Place): Promise<Maybe<string>>;
  /** The environment that makes its clock follow a file, and how that works. */
  clock(file: string): Maybe<{ readonly environment: Readonly<Record<string, string>>; readonly how: string }>;
  /** What to write into that file. */
  clockText(offsetSeconds: number): string;
}
