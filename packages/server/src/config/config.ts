/** The configuration in force: plain values, so that a fleet's first process can hand it to the others as it is. */

/** How much is logged. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Resolved once at start; see the reference page for what each setting means. */
export interface Config {
  readonly profile: 'development' | 'production';
  /** An origin without a slash at its end. Null when it is to follow the port (development). */
  readonly publicUrl: string | null;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** An absolute path. */
  readonly dataDir: string;
  /** Lower case, with or without a port. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Newest first. Empty: a key for development is to be made or read in `dataDir`. */
  readonly secrets: readonly string[];
  readonly cookieName: string;
  readonly cookieDomain: string | null;
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  /** Null: no Redis. Holds the password. */
  readonly redisUrl: string | null;
  /** Which setting it came from, for messages. */
  readonly redisSetting: 'REDIS_URL' | 'REDIS_HOST';
  /** The authority behind the certificate of Redis, as PEM. */
  readonly redisCa: string | null;
  /** 0: none is waited for. */
  readonly redisWaitReplicas: number;
  /** Null: no PostgreSQL. Holds the password. */
  readonly databaseUrl: string | null;
  readonly databaseSetting: 'DATABASE_URL' | 'DB_HOST';
  /** Past a pooler, for LISTEN; null: the same as `databaseUrl`. Holds the password. */
  readonly databaseListenUrl: string | null;
  /** Sessions kept in memory by each process; 0: none. */
  readonly sessionCache: number;
  /** 0: never. */
  readonly staleIfErrorSeconds: number;
  /** How many one-time sessions may wait to be used at a time. */
  readonly maxSessions: number;
  /** Start in production although the store's own checks found problems. */
  readonly allowUnsafeStore: boolean;
  readonly logLevel: LogLevel;
  readonly debug: boolean;
}

/** One thing that is wrong, and what to do about it. */
export interface ConfigProblem {
  /** The setting. */
  readonly name: string;
  readonly message: string;
  readonly fix: string;
}

/** Exit status of a process whose configuration cannot work (sysexits.h: EX_CONFIG). */
export const EXIT_CONFIG = 78;

/** What stops a start: all problems at once, so that nobody mends them one start at a time. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => `${problem.name}: ${problem.message}\n  fix: ${problem.fix}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
