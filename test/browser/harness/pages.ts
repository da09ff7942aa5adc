/** Serves the pages of the matrix and an API of their own; everything comes through the edge, below `/app`. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build, defaultClientConditions } from 'vite';
import { type Listening, listen } from './listen.ts';

/** Answers one request below `/app/api`. */
export type Api = (request: IncomingMessage, response: ServerResponse) => void;

export interface Pages extends Listening {
  /** What is below `/app/api` from now on; 404 by default. */
  api: Api;
  /** The same pages under two more origins, without an edge. */
  readonly friend: Listening;
  readonly stranger: Listening;
}

const NOTHING: Api = (_request, response) => void response.writeHead(404).end();

const PAGES: Readonly<Record<string, string>> = {
  '/app/': pageOf('Open to everybody', ''),
  '/app/protected': pageOf('Protected', ' data-guarded="yes"'),
  '/app/sign-in': pageOf('Sign in', ''),
  '/app/elsewhere': '<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,"><h1>Elsewhere</h1>',
  '/app/frame':
    '<!doctype html><title>Frame</title><link rel="icon" href="data:,"><h1>Frame</h1><iframe src="/app/"></iframe>',
};

export async function startPages(): Promise<Pages> {
  const [page, worker] = await Promise.all([bundle('page'), bundle('worker')]);
  const scripts: Readonly<Record<string, string>> = { '/app/page.js': page, '/app/worker.js': worker };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? '').replace(/\?.*/, '');
    // Fresh at each F5, and nothing that keeps a page out of the back-forward cache.
    response.setHeader('cache-control', 'no-cache');
    const script = scripts[path];
    const html = PAGES[path];
    if (path.startsWith('/app/api')) pages.api(request, response);
    else if (script !== undefined) response.setHeader('content-type', 'text/javascript').end(script);
    else if (html !== undefined) response.setHeader('content-type', 'text/html').end(html);
    else NOTHING(request, response);
  };
  const [own, friend, stranger] = await Promise.all([1, 2, 3].map(() => listen(createServer(answer))));
  assert.ok(own && friend && stranger);
  const pages: Pages = {
    ...own,
    api: NOTHING,
    friend,
    stranger,
    close: async () => void (await Promise.all([own, friend, stranger].map((each) => each.close()))),
  };
  return pages;
}

function pageOf(title: string, attributes: string): string {
  return `<!doctype html><html lang="en"${attributes}><title>${title}</title><link rel="icon" href="data:,">
<h1>${title}</h1><p id="status"></p><p id="reason"></p><p id="person"></p>
<script type="module" src="/app/page.js"></script></html>`;
}

async function bundle(name: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('.', import.meta.url)),
    resolve: { conditions: ['holdfast-source', ...defaultClientConditions] },
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: fileURLToPath(new URL(`${name}.ts`, import.meta.url)) },
    },
  });
  if (!('output' in built)) throw new Error(`${name} was not built once`);
  return built.output[0].code;
}
