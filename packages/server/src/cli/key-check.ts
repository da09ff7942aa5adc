/** Compares the keys with the fleet and the live sessions before anybody is signed out by a wrong one (the key canary). */
import { hostname } from 'node:os';
import type { KeyReport, Sessions } from 'holdfast';
import type { Logger } from 'pino';
import { type Config, ConfigError } from '../config/config.ts';

export interface KeyCheckOptions {
  readonly sessions: Sessions;
  readonly config: Config;
  readonly logger: Logger;
  /** Start although people will be signed out. */
  readonly acceptSignOut: boolean;
}

/** Often enough that nobody counts as gone (two minutes), seldom enough to cost nothing. */
const ANNOUNCE_MS = 30_000;

/** Throws `ConfigError` in production when the ring lacks a key that live sessions depend on. */
export async function checkKeysAtStart({ sessions, config, logger, acceptSignOut }: KeyCheckOptions): Promise<void> {
  const report = await sessions.checkKeys(instanceName());
  if (report.status === 'unreachable') {
    const fix = 'check that the file sessions.db in DATA_DIR can be opened, then start again';
    throw new ConfigError([
      { name: 'DATA_DIR', message: 'the session store does not answer, so keys cannot be checked', fix },
    ]);
  }
  reportDiffering(report, logger);
  if (report.missing.length === 0) return;
  const message = missingSentence(report);
  if (config.profile === 'production' && !acceptSignOut) {
    const fix = `SESSION_SECRET=<this one>,<the old one>; or start with --accept-sign-out and sign these people out`;
    throw new ConfigError([{ name: 'SESSION_SECRET', message, fix }]);
  }
  logger.warn({ keyIds: report.keyIds, missing: report.missing }, `${message}; they have to sign in again`);
}

/** Repeats the announcement, and tells of every ring in the fleet that differs; answers how to stop. */
export function announceKeys({ sessions, logger }: Pick<KeyCheckOptions, 'sessions' | 'logger'>): () => void {
  let told = '';
  const timer = setInterval(async () => {
    const report = await sessions.checkKeys(instanceName());
    if (report.status === 'unreachable') return;
    const now = JSON.stringify(report.differing);
    if (now !== told) reportDiffering(report, logger);
    told = now;
  }, ANNOUNCE_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function reportDiffering(report: KeyReport, logger: Logger): void {
  for (const { instance, keyIds } of report.differing) {
    if (isGone(instance)) continue;
    logger.warn(
      { instance, keyIds, ownKeyIds: report.keyIds },
      'another process of this service uses a different key ring; give all of them the same SESSION_SECRET',
    );
  }
}

/** A process of this machine that has ended, such as the one before a restart with a new key. */
function isGone(instance: string): boolean {
  const [host, pid] = [
    instance.slice(0, instance.lastIndexOf(':')),
    Number(instance.slice(instance.lastIndexOf(':') + 1)),
  ];
  if (host !== hostname() || !Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

function missingSentence(report: KeyReport): string {
  const ids = report.missing.map(
    ({ keyId, sessions }) => `${keyId} (${sessions} ${sessions === 1 ? 'session' : 'sessions'})`,
  );
  const people = report.missing.reduce((sum, { sessions }) => sum + sessions, 0);
  return `the key ring (${report.keyIds.join(', ')}) lacks ${ids.join(', ')}: ${people} of ${report.sessions} live sessions would be signed out`;
}

function instanceName(): string {
  return `${hostname()}:${process.pid}`;
}
