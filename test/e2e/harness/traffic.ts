/** Writes down what a tab asks of the service and where it goes. */
import type { Page, Request } from 'playwright-core';

export interface Traffic {
  /** The statuses of every answer about a path, in the order of asking; 0 where none came. */
  statuses(method: string, path: string): Promise<readonly number[]>;
  /** Every path that the tab was at, in order. */
  readonly visited: readonly string[];
  /** Forgets what was. */
  clear(): void;
}

export function watchTraffic(page: Page): Traffic {
  const requests: Request[] = [];
  const visited: string[] = [];
  page.on('request', (request) => requests.push(request));
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) visited.push(new URL(frame.url()).pathname);
  });
  return {
    visited,
    async statuses(method, path) {
      const asked = requests.filter((each) => each.method() === method && new URL(each.url()).pathname === path);
      return Promise.all(asked.map(async (each) => (await each.response())?.status() ?? 0));
    },
    clear() {
      requests.length = 0;
      visited.length = 0;
    },
  };
}
