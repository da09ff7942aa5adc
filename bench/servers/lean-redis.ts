/**
 * The least that still asks Redis: one GET of 300 bytes of JSON. BENCH_CACHE=1 keeps what was read in a Map, which Redis's
 * client tracking keeps true. Without BENCH_TIMER node-redis starts no timer for each command.
 */
import { createClient } from 'redis';
import { newPlainId } from './plain-cookie.ts';

interface LeanSession {
  readonly userId: string;
  readonly expiresAt: number;
  /** Fills it up to 300 bytes. */
  readonly rest: string;
}

const PREFIX = `${process.env.BENCH_PREFIX ?? 'floor'}:`;
const known = process.env.BENCH_CACHE === '1' ? new Map<string, LeanSession>() : null;
const client = createClient({
  url: process.env.BENCH_REDIS ?? '',
  RESP: 3,
  ...(known === null ? {} : { emitInvalidate: true }),
  ...(process.env.BENCH_TIMER === '1' ? {} : { commandOptions: { timeout: 0 } }),
});
client.on('error', () => known?.clear());
client.on('invalidate', (key: Buffer | string | null) => {
  if (key === null) known?.clear();
  else known?.delete(key.toString().slice(PREFIX.length));
});
await client.connect();

/** Stores a session; answers its id. */
export async function startLean(userId: string): Promise<string> {
  const id = newPlainId();
  const session = { userId, expiresAt: Date.now() + 3_600_000, rest: '' };
  const rest = 'x'.repeat(300 - JSON.stringify(session).length);
  await client.set(PREFIX + id, JSON.stringify({ ...session, rest }), { PX: 3_600_000 });
  return id;
}

/** Whose session it is, at once when it is known already; null for nobody's. */
export function findLean(id: string): string | null | Promise<string | null> {
  const session = known?.get(id);
  return session === undefined ? ask(id) : userOf(session);
}

async function ask(id: string): Promise<string | null> {
  const text = await client.get(PREFIX + id);
  if (text === null) return null;
  const session = JSON.parse(text) as LeanSession;
  known?.set(id, session);
  return userOf(session);
}

function userOf({ userId, expiresAt }: LeanSession): string | null {
  return expiresAt > Date.now() ? userId : null;
}

export function closeLean(): void {
  client.destroy();
}
