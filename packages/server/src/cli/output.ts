/** What the command says and how it ends. */
import { EXIT_CONFIG } from '../config/config.ts';

/** Exit statuses: the conventions of sysexits.h where they say something. */
export const EXIT = { ok: 0, failure: 1, usage: 64, config: EXIT_CONFIG } as const;

/** Writes a line for a person. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a line about something that went wrong. */
export function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}
