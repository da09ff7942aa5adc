/** What a run leaves behind: the shape of the JSON in `bench/results/`. */
import type { Machine } from './measure/machine.ts';
import type { Section } from './system.ts';

/** One turn of one system. Times in microseconds. */
export interface Round {
  readonly requestsPerSecond: number;
  readonly cpuMicroseconds: number;
  /** The same of Redis and PostgreSQL; null where the system has neither. */
  readonly storeMicroseconds?: number | null;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly writesPerRequest: number | null;
  /** Share of both cores that other programs had during the measurement of throughput and of latency. */
  readonly foreign: number;
}

export interface SystemResult {
  readonly name: string;
  readonly title: string;
  readonly group: 'floor' | 'peer' | 'ours';
  readonly section?: Section;
  readonly sessions: number;
  readonly bodyBytes: number;
  readonly readyMs: number;
  readonly idleMiB: number;
  readonly loadedMiB: number;
  readonly rounds: readonly Round[];
}

/** One target: what was measured, and what it is to be. */
export interface Drill {
  readonly name: string;
  readonly value: number;
  /** What the figure was made of. */
  readonly detail: string;
}

/** Bytes per session of one store. */
export interface BytesResult {
  readonly title: string;
  readonly sessions: number;
  readonly bytesPerSession: number;
  /** What else was measured on the way. */
  readonly detail?: string;
}

/** Where the time of one request goes, in a system and in what it is compared with. */
export interface Profile {
  /** Names of systems. */
  readonly ours: string;
  readonly floor: string;
  /** Microseconds of one request in both, by what it was spent on. */
  readonly groups: readonly ProfileRow[];
  /** The same by function, those with the largest difference. */
  readonly functions: readonly ProfileRow[];
}

export interface ProfileRow {
  readonly where: string;
  readonly ours: number;
  readonly floor: number;
}

export interface Results {
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly setup: {
    readonly connections: number;
    readonly ratePerSecond: number;
    readonly warmUpSeconds: number;
    readonly throughputSeconds: number;
    readonly latencySeconds: number;
    readonly rounds: number;
    readonly foreignLimit: number;
  };
  /** Rounds that were measured again because other programs were busy, and rounds that were kept in spite of it. */
  readonly repeated: number;
  readonly disturbed: number;
  readonly systems: readonly SystemResult[];
  readonly drills: readonly Drill[];
  readonly bytes: readonly BytesResult[];
  /** Of each target about throughput that was missed. */
  readonly profiles?: readonly Profile[];
}
