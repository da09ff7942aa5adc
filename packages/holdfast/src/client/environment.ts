/** What the client needs of a browser, taken from the globals of pages and workers; each may be missing. */
import type { Channel, Environment } from './types.ts';

/** Looked up when the client is made, and nothing is touched before it starts: a server may load the module too. */
export function browserEnvironment(): Environment {
  return {
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    // Missing on plain http, but for loopback.
    locks: globalThis.navigator?.locks ?? null,
    openChannel: (name) => new BroadcastChannel(name) as Channel,
    watch(wake, sleep) {
      const stop = new AbortController();
      const listen = (on: EventTarget | undefined, event: string, run: (event: Event) => void): void =>
        on?.addEventListener?.(event, run, stop);
      const { document } = globalThis;
      // Only pages are put away and looked at again; a worker has `online` alone.
      const page = document && globalThis;
      listen(globalThis, 'online', () => wake('online'));
      listen(document, 'visibilitychange', () => document.hidden || wake('visible'));
      listen(page, 'pageshow', (event) => (event as PageTransitionEvent).persisted && wake('restored'));
      listen(page, 'pagehide', sleep);
      return () => stop.abort();
    },
    isHidden: () => !!globalThis.document?.hidden,
  };
}
