/**
 * A process of its own that asks all the time whether somebody is still signed in, and says when it first hears that they
 * are not. The store comes from the environment as for the servers; the tokens come from the process that started it.
 */
import { createSessions } from 'holdfast';
import { storeFromEnvironment } from '../servers/store.ts';

/** Times are nanoseconds of the machine's monotonic clock, which is the same for all processes. */
export type WatcherMessage =
  | { readonly ready: true }
  | { readonly watching: number }
  | { readonly refused: number; readonly at: string; readonly asked: number };

/** So often must the answer be yes first: then it comes from what this process remembers. */
const WARM = 5;

const sessions = createSessions({
  store: await storeFromEnvironment(),
  secrets: process.env.SESSION_SECRET ?? '',
});

async function watch({ number, access }: { number: number; access: string }): Promise<void> {
  for (let asked = 1; ; asked++) {
    const who = await sessions.resolve({ access: [access], refresh: [] });
    if (who.status === 'not-signed-in') return tell({ refused: number, at: String(process.hrtime.bigint()), asked });
    if (asked === WARM) tell({ watching: number });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function tell(message: WatcherMessage): void {
  process.send?.(message);
}

process.on('message', (message: { number: number; access: string }) => void watch(message));
process.once('disconnect', () => void sessions.close().then(() => process.exit(0)));
tell({ ready: true });
