/** Serves the built console: the pages under their own addresses, its assets for ever, everything under a strict policy. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { App } from '../app-type.ts';
import { PAGE_POLICY } from './page-policy.ts';

/** The addresses of the console's pages; the console shows the one that fits. */
export const PAGES = ['/', '/sign-in', '/sign-up', '/account'] as const;

const HOW_TO_BUILD =
  'The pages of Holdfast have not been built yet. Build them with: npm run build -w holdfast-console';

/** Where the built console is: beside the published server, or in the repository. Null when it was not built. */
export function findConsole(): string | null {
  const places = ['../../console', '../../../console/dist'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? null;
}

/** `directory` holds `index.html` and assets whose names change with their contents. */
export async function servePages(app: App, directory: string | null, logger: Logger): Promise<void> {
  await app.register(async (scope) => {
    await scope.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: PAGE_POLICY,
      },
      crossOriginOpenerPolicy: { policy: 'same-origin' },
      referrerPolicy: { policy: 'no-referrer' },
      frameguard: { action: 'deny' },
      // Decided for the whole service, where the public address is known.
      hsts: false,
    });
    if (directory === null) {
      for (const page of PAGES) scope.get(page, { schema: { hide: true } }, answerNotBuilt);
      return;
    }
    await scope.register(fastifyStatic, {
      root: directory,
      prefix: '/',
      // One route per file that is there now: nothing else in the directory can ever be asked for.
      wildcard: false,
      // What other sites load has its own addresses and headers: embed/.
      globIgnore: ['**/index.html', 'frame/**'],
      index: false,
      schemaHide: true,
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header('cache-control', cacheControl(path.slice(directory.length + 1)));
      },
    });
    for (const page of PAGES) {
      scope.get(page, { schema: { hide: true } }, (_request, reply) =>
        reply.sendFile('index.html', { etag: false, lastModified: false }),
      );
    }
  });
  if (directory === null) logger.warn(HOW_TO_BUILD);
}

function cacheControl(file: string): string {
  // no-store also keeps the page out of the back-forward cache, where it would outlive a sign-out.
  if (file === 'index.html') return 'no-store';
  return file.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/** While the pages are not there: a sentence on how to get them. */
export function answerNotBuilt(_request: FastifyRequest, reply: FastifyReply): void {
  reply.code(503).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(`${HOW_TO_BUILD}\n`);
}
