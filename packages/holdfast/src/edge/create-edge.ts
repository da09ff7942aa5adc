/** The proxy as a fetch handler: admits a request, sends it, passes the answer on. */
import { problemDocument } from '../protocol/problems.ts';
import { admit, type Passage } from './admit.ts';
import type { Edge, EdgeContext, EdgeOptions } from './options.ts';
import { discard, send } from './send.ts';
import { type EdgeSettings, resolveSettings } from './settings.ts';

const settingsOf = new WeakMap<Edge, EdgeSettings>();

/** Makes an edge. Throws one `TypeError` that names every option that cannot work, each with its fix. */
export function createEdge(options: EdgeOptions): Edge {
  const settings = resolveSettings(options);

  async function handle(request: Request, context: EdgeContext): Promise<Response> {
    const passage = await admit(settings, request, context);
    if (passage instanceof Response) return passage;
    const { outcome, attempts } = await send(request, passage.target, passage.headers, settings);
    if (typeof outcome === 'string') return passage.refuse(outcome, attempts);
    try {
      return passage.pass(outcome, attempts);
    } catch {
      // An answer that HTTP does not know, such as status 999.
      discard(outcome);
      return passage.refuse('connection-failed', attempts);
    }
  }

  const edge: Edge = Object.freeze({
    async fetch(request: Request, context?: EdgeContext): Promise<Response> {
      try {
        return await handle(request, context ?? {});
      } catch {
        // Only an option that throws (`now`, `newRequestId`) leads here.
        return Response.json(problemDocument('internal-error'), {
          status: 500,
          headers: { 'cache-control': 'no-store' },
        });
      }
    },
  });
  settingsOf.set(edge, settings);
  return edge;
}

/**
 * For runtimes whose WebSockets do not go through `fetch`: the same admission, headers and log as for any request. Answers
 * the way to the upstream, or the response to give instead.
 */
export async function admitUpgrade(edge: Edge, request: Request, context: EdgeContext): Promise<Passage | Response> {
  const settings = settingsOf.get(edge);
  if (!settings) throw new TypeError('give the edge that createEdge made');
  return admit(settings, request, context);
}
