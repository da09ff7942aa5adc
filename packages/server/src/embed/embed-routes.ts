/** What other sites' pages load of the service: the page in the iframe, and the script that embeds it. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpSessions } from 'holdfast/http';
import type { Tickets } from 'holdfast/tickets';
import { Type } from 'typebox';
import type { App } from '../app-type.ts';
import { problemResponse } from '../ops/openapi.ts';
import { answerNotBuilt } from '../pages/pages.ts';
import { READ_ONLY } from '../sessions/current-user.ts';
import { useSessions } from '../sessions/request-sessions.ts';
import { frameFactsOf } from '../tickets/frame-session.ts';
import { answered } from '../tickets/ticket-problems.ts';
import { ancestorsOf, frameHeaders } from './frame-policy.ts';

export interface EmbedParts {
  readonly tickets: Tickets;
  /** The sessions of embedded pages. */
  readonly frames: HttpSessions;
  /** The built console; null when it was not built. */
  readonly directory: string | null;
  /** What is bound to no origin may then be embedded by pages on this computer. */
  readonly isDevelopment: boolean;
}

/** Its name stays the same, so pages see a new version after five minutes, and browsers use the old one while they ask. */
const SCRIPT_CACHING = 'public, max-age=300, stale-while-revalidate=86400';
const PREVIEW = /prefetch|prerender|preview/i;

/** Registers `GET /client/iframe.html` and `GET /client/embed.js`. */
export async function embedRoutes(app: App, parts: EmbedParts): Promise<void> {
  await app.register(async (scope: App) => {
    useSessions(scope, parts.frames);
    framePage(scope, parts);
  });
  embedScript(app, parts.directory);
}

function framePage(scope: App, { tickets, directory, isDevelopment }: EmbedParts): void {
  const page = readBuilt(directory, 'index.html');
  scope.get(
    '/client/iframe.html',
    {
      schema: {
        operationId: 'framePage',
        tags: ['one-time sessions'],
        summary: 'The page for an iframe: framed by exactly the origins of the one-time session, or of its cookies',
        querystring: Type.Object({ session_id: Type.Optional(Type.String()) }),
        response: {
          200: text('text/html', 'The page. What has become of the one-time session, it says to the page around it.'),
          422: problemResponse('There are several ids.'),
          503: problemResponse('Nobody knows who may frame it: nobody may. See Retry-After.'),
        },
      },
    },
    async (request, reply) => {
      // Also for the answers that are an error: until it is known who may, nobody may.
      reply.headers(frameHeaders(ancestorsOf(null, isDevelopment)));
      if (page === null) return answerNotBuilt(request, reply);
      const origins = (await originsOfTicket(request, request.query.session_id)) ?? (await originsOfSession(request));
      reply.headers(frameHeaders(ancestorsOf(origins, isDevelopment))).type('text/html; charset=utf-8');
      return reply.send(page);
    },
  );

  /** Used and expired ones still say who may embed the page, so that it can say what has become of them. */
  async function originsOfTicket(request: FastifyRequest, id: string | undefined): Promise<readonly string[] | null> {
    if (id === undefined) return null;
    const { ticket } = answered(await tickets.look(id, { opened: isWanted(request) }));
    return ticket?.origins ?? null;
  }

  /** Of a page that was loaded again: its address names no ticket any more, or one that is long forgotten. */
  async function originsOfSession(request: FastifyRequest): Promise<readonly string[] | null> {
    const resolution = answered(await request.exchange.resolve(READ_ONLY));
    const facts = resolution.status === 'signed-in' ? frameFactsOf(resolution.session) : null;
    if (facts === null) return null;
    return facts.origin === null ? [] : [facts.origin];
  }
}

/** Whether somebody looks at it: HEAD and what browsers fetch ahead of need open nothing. */
function isWanted({ method, headers }: FastifyRequest): boolean {
  const purposes = [headers['sec-purpose'], headers.purpose, headers['x-purpose'], headers['x-moz']];
  return method === 'GET' && !purposes.some((purpose) => PREVIEW.test(String(purpose)));
}

function embedScript(app: App, directory: string | null): void {
  const script = readBuilt(directory, 'embed.js');
  const etag = `"${createHash('sha256')
    .update(script ?? '')
    .digest('base64url')}"`;
  const schema = {
    operationId: 'embedScript',
    tags: ['one-time sessions'],
    summary: 'The script for embedding pages, which defines the element holdfast-frame',
    response: { 200: text('text/javascript', 'The script. Its name stays the same.') },
  };
  app.get('/client/embed.js', { config: { quiet: true }, schema }, (request, reply: FastifyReply) => {
    if (script === null) {
      answerNotBuilt(request, reply);
      return;
    }
    reply.headers({
      'cache-control': SCRIPT_CACHING,
      etag,
      // For every page, as a module or with an `integrity`, too: there is nothing in it that is anybody's.
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    });
    reply.removeHeader('access-control-allow-credentials');
    if (request.headers['if-none-match']?.includes(etag)) reply.code(304).send();
    else reply.type('text/javascript; charset=utf-8').send(script);
  });
}

function text(type: string, description: string) {
  return { description, content: { [type]: { schema: Type.String() } } };
}

/** Read once: both are small, and what the assets' names in the page stand for does not change while this runs. */
function readBuilt(directory: string | null, file: string): Buffer | null {
  const path = directory === null ? null : join(directory, 'frame', file);
  return path !== null && existsSync(path) ? readFileSync(path) : null;
}
