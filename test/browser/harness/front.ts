/** A real edge on Node in front of the pages and the service, which writes down what passes it and when. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { createEdge, type Edge, type EdgeOptions } from 'holdfast/edge';
import { edgeListener, nodeTransport } from 'holdfast/edge/node';
import { type Listening, listen } from './listen.ts';

/** One request as the edge saw it. */
export interface Passed {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly startedAt: number;
  /** When the answer was on its way as a whole, or the browser had gone; infinite until then. */
  endedAt: number;
  /** 0 where nobody waited for the answer. */
  status: number;
  setCookies: readonly string[];
  readonly activity: string;
}

export interface Front extends Listening {
  /** Everything since it was cleared, in the order of arrival. */
  readonly passed: Passed[];
  /** The questions among them. */
  questions(): readonly Passed[];
  clear(): void;
}

export const VALIDATE = '/unified-auth/validate';

export async function startFront(options: Omit<EdgeOptions, 'transport'>): Promise<Front> {
  const passed: Passed[] = [];
  const transport = nodeTransport();
  const edge = createEdge({ ...options, transport });
  const present = new AsyncLocalStorage<Passed>();
  const observed: Edge = {
    async fetch(request, context) {
      const answer = await edge.fetch(request, context);
      const passing = present.getStore();
      if (passing) passing.setCookies = answer.headers.getSetCookie();
      return answer;
    },
  };
  const { request, upgrade } = edgeListener(observed);
  const server = createServer((incoming, outgoing) => {
    const passing: Passed = {
      method: incoming.method ?? '',
      path: (incoming.url ?? '').replace(/\?.*/, ''),
      startedAt: performance.now(),
      endedAt: Number.POSITIVE_INFINITY,
      status: 0,
      setCookies: [],
      activity: String(incoming.headers['x-session-activity'] ?? ''),
    };
    passed.push(passing);
    const end = (): void => {
      passing.endedAt = Math.min(passing.endedAt, performance.now());
    };
    outgoing.once('finish', () => {
      passing.status = outgoing.statusCode;
      end();
    });
    outgoing.once('close', end);
    present.run(passing, () => request(incoming, outgoing));
  }).on('upgrade', upgrade);
  const listening = await listen(server);
  return {
    ...listening,
    passed,
    questions: () => passed.filter(({ path, method }) => path === VALIDATE && method !== 'OPTIONS'),
    clear: () => void passed.splice(0),
    async close() {
      await listening.close();
      await transport.close();
    },
  };
}

/** The most questions that were under way at one moment. */
export function mostAtOnce(passed: readonly Passed[]): number {
  const at = (moment: number): number =>
    passed.filter(({ startedAt, endedAt }) => startedAt <= moment && moment < endedAt).length;
  return Math.max(0, ...passed.map(({ startedAt }) => at(startedAt)));
}
