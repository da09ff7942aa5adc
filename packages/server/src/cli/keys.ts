/** `holdfast keys`: makes secrets, and says which keys live sessions still depend on. */
import { hostname } from 'node:os';
import { generateSecret } from 'holdfast';
import { openSessions } from '../app.ts';
import { createLogger } from '../ops/logging.ts';
import { loadForCommand, withData } from './load.ts';
import { complain, EXIT, say } from './output.ts';
import { printTable } from './table.ts';

/** Prints a secret and nothing else, so that it can be piped. */
export function generateKey(): number {
  say(generateSecret());
  return EXIT.ok;
}

/** A table of the keys: which signs, how many live sessions depend on each, and when it can go. */
export async function keysStatus(): Promise<number> {
  const { config } = withData(loadForCommand().config);
  const sessions = await openSessions(config, createLogger('silent'));
  try {
    const report = await sessions.checkKeys(`${hostname()}:${process.pid}`);
    if (report.status === 'unreachable') {
      complain('holdfast: the session store does not answer; nothing can be said about the keys');
      return EXIT.failure;
    }
    const missing = report.missing.map(({ keyId }) => keyId);
    const rows = [...report.keyIds, ...missing].map((keyId, index) => {
      const dependent = report.sessionsByKey[keyId] ?? 0;
      return [
        keyId,
        index === 0 ? 'signs' : missing.includes(keyId) ? 'MISSING' : 'verifies',
        String(dependent),
        advice(index, dependent, missing.includes(keyId)),
      ];
    });
    printTable([['key', 'role', 'live sessions', 'can it go?'], ...rows]);
    say(`\nLive sessions in all: ${report.sessions}`);
    return EXIT.ok;
  } finally {
    await sessions.close();
  }

  function advice(index: number, dependent: number, missing: boolean): string {
    if (missing) return 'put it back: SESSION_SECRET=<newest>,<this one>';
    if (index === 0) return 'no, new tokens are signed with it';
    if (dependent === 0) return 'yes, nobody depends on it';
    return `when they have been back once, in ${days(config.idleSeconds)} at the latest`;
  }
}

function days(seconds: number): string {
  const whole = Math.ceil(seconds / 86_400);
  return whole === 1 ? 'a day' : `${whole} days`;
}
