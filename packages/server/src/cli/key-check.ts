/** Compares the keys with the fleet and the live sessions before anybody is signed out by a wrong one (the key canary). */
import { hostname } from 'node:os';
import type { KeyAnnounced, KeyReport, Sessions } from 'holdfast';
import type { Logger } from 'pino';
import type { Config, ConfigProblem } from '../config/config.ts';
import type { StoreSetting } from '../sessions/store-problems.ts';

export interface KeyCheckOptions {
  readonly sessions: Sessions;
  readonly config: Config;
  /** What the store was named by. */
  readonly setting: StoreSetting;
  readonly logger: Logger;
  /** Start although people will be signed out. */
  readonly acceptSignOut: boolean;
}

/** Often enough that nobody counts as gone (two minutes), seldom enough to cost nothing. */
const ANNOUNCE_MS = 30_000;

/** Answers what must stop the start: in production, a ring that lacks a key that live sessions depend on. */
export async function checkKeysAtStart(options: KeyCheckOptions): Promise<readonly ConfigProblem[]> {
  const { sessions, config, setting, logger, acceptSignOut } = options;
  const report = await sessions.checkKeys(instanceName());
  if (report.status === 'unreachable') {
    const message = 'the session store does not answer, so keys cannot be checked';
    const fix =
      setting === 'DATA_DIR'
        ? 'check that the file sessions.db in DATA_DIR can be opened, then start again'
        : `check that what ${setting} names is running and not overloaded, then start again`;
    return [{ name: setting, message, fix }];
  }
  reportDiffering(report.differing, report.keyIds, logger);
  if (report.missing.length === 0) return [];
  const message = missingSentence(report);
  if (config.profile === 'production' && !acceptSignOut) {
    const fix = `SESSION_SECRET=<this one>,<the old one>; or start with --accept-sign-out and sign these people out`;
    return [{ name: 'SESSION_SECRET', message, fix }];
  }
  logger.warn({ keyIds: report.keyIds, missing: report.missing }, `${message}; they have to sign in again`);
  return [];
}

/** Repeats the announcement, and tells of every ring in the fleet that differs; answers how to stop. */
export function announceKeys({ sessions, logger }: Pick<KeyCheckOptions, 'sessions' | 'logger'>): () => void {
  let told = '';
  const timer = setInterval(async () => {
    const announced = await sessions.announceKeys(instanceName());
    if (announced.status === 'unreachable') return;
    const now = JSON.stringify(announced.differing);
    if (now !== told) reportDiffering(announced.differing, announced.keyIds, logger);
    told = now;
  }, ANNOUNCE_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function reportDiffering(differing: KeyAnnounced['differing'], ownKeyIds: readonly string[], logger: Logger): void {
  for (const { instance, keyIds } of differing) {
    if (isGone(instance)) continue;
    logger.warn(
      { instance, keyIds, ownKeyIds },
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
