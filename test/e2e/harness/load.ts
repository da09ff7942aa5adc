/** Requests without pause, as a busy page makes them, from a browser that is signed in. */
import { validate } from './direct.ts';

export interface Load {
  /** Resolves once this many requests have been answered. */
  answered(count: number): Promise<void>;
  /** Ends it; answers everything that came back other than "signed in". */
  stop(): Promise<readonly string[]>;
}

/** Keeps several requests under way at any moment. Connections that break off are no answers. */
export function startLoad(url: string, cookies: readonly string[], parallel: number): Load {
  const others: string[] = [];
  let count = 0;
  let stopped = false;
  let waiting: { readonly until: number; readonly resolve: () => void } | null = null;

  async function lane(index: number): Promise<void> {
    const cookie = cookies[index % cookies.length] ?? '';
    while (!stopped) {
      try {
        const { status, body } = await validate(url, cookie);
        if (status !== 200 || body.valid !== true) others.push(`${status} ${JSON.stringify(body)}`);
        count += 1;
        if (waiting !== null && count >= waiting.until) waiting.resolve();
      } catch {
        // The service is down; this lane has nothing left to ask.
        return;
      }
    }
  }

  const lanes = Array.from({ length: parallel }, (_, index) => lane(index));
  return {
    answered: (until) =>
      new Promise((resolve) => {
        if (count >= until) resolve();
        else waiting = { until, resolve };
      }),
    async stop() {
      stopped = true;
      await Promise.all(lanes);
      return others;
    },
  };
}
