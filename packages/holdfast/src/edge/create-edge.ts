/** The proxy as a fetch handler: admits a request, sends it, passes the answer on. */
import { problemDocument } from '../protocol/problems.ts';
import { admit } from './admit.ts';
import type { Edge, EdgeContext, EdgeOptions } from './options.ts';
import { discard, send } from './send.ts';
import { resolveSettings } from './settings.ts';

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

  return Object.freeze({
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
}
