/** What a drill is, and what it gets to work with. */
import type { System } from '../adapter.ts';
import type { CookieJar } from '../http/cookie-jar.ts';
import type { Evidence } from '../run/evidence.ts';
import type { Outcome } from '../run/outcome.ts';
import type { Visitor } from '../visitor/visitor.ts';
import type { BrowserWindow } from './chromium.ts';

/** A drill does something to a system and looks who is still signed in. */
export interface Drill {
  readonly id: string;
  readonly title: string;
  /** What it does and what counts as lost, in a sentence or two. */
  readonly does: string;
  /** The system is there and not started. It is disposed of afterwards, whatever happened. */
  run(stage: Stage): Promise<Outcome>;
}

/** One run of one drill on one system. */
export interface Stage {
  readonly system: System;
  readonly evidence: Evidence;
  /** The number of rounds; in a quick run fewer, by default a tenth. */
  rounds(full: number, quick?: number): number;
  /** Seconds to wait for something to have an effect, or fewer in a quick run. */
  seconds(full: number): number;
  /** Somebody with an empty jar, or with this one. */
  visitor(jar?: CookieJar): Visitor;
  /** A real browser; with the same profile name it is the same one again, with what the profile kept. */
  browser(profile: string): Promise<BrowserWindow>;
  /** A directory that goes with the drill. */
  directory(): string;
  progress(done: number, of: number): void;
  /** Moves the clocks of the system and of its visitors together: time passes. Answers false where that is impossible. */
  passTime(seconds: number): Promise<boolean>;
  /** Runs when the drill is over. */
  afterwards(clear: () => Promise<void> | void): void;
}
