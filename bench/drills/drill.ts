/** What every drill is given, and how it is listed. */
import { join } from 'node:path';
import type { Drill } from '../results.ts';
import type { Backends } from '../run/backends.ts';
import type { Subject } from '../run/subject.ts';
import type { Needs } from '../system.ts';

export interface DrillOptions {
  readonly root: string;
  /** Directory for everything that the run leaves behind. */
  readonly scratch: string;
  readonly backends: Backends;
  /** Seconds of each measurement, and how many of them. */
  readonly seconds: number;
  readonly rounds: number;
  readonly quick: boolean;
}

export interface DrillEntry {
  readonly name: string;
  readonly needs: Pick<Needs, 'redis' | 'postgres'>;
  /** Part of `--quick`. */
  readonly quick: boolean;
  /** Answers several where they were measured in turns. */
  readonly run: (options: DrillOptions) => Promise<Drill | readonly Drill[]>;
}

/** Connections of the load. */
export const CONNECTIONS = 64;

/** Where the load finds the prepared requests. */
export function load(subject: Subject): { port: number; file: string } {
  return { port: subject.port, file: join(subject.directory, 'requests.txt') };
}
