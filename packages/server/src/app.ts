/** Composes the service: configuration in, a Fastify application with everything wired out. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import cors from '@fastify/cors';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { type FastifyReply, fastify, LogController } from 'fastify';
import { createSessions, type Sessions } from 'holdfast';
import { createHttpSessions } from 'holdfast/http';
import { sqliteStore } from 'holdfast/stores/sqlite';
import type { Logger } from 'pino';
import { accountRoutes } from './accounts/account-routes.ts';
import { type AccountsDatabase, accountsDatabase, openAccountsFile } from './accounts/database.ts';
import { createHashQueue } from './accounts/hash-queue.ts';
import { migrate } from './accounts/migrations.ts';
import { hashPassword } from './accounts/password-hash.ts';
import { createThrottle } from './accounts/throttle.ts';
import { createUsers } from './accounts/users.ts';
import type { App } from './app-type.ts';
import type { Config } from './config/config.ts';
import { answerClientError, answerError, handleErrors } from './ops/error-handling.ts';
import { healthRoutes } from './ops/health.ts';
import { logRequests, logSessionEvent } from './ops/logging.ts';
import { describeApi } from './ops/openapi.ts';
import { guardRequests } from './ops/request-guard.ts';
import { type RouteTable, watchRoutes } from './ops/route-table.ts';
import { findConsole, servePages } from './pages/pages.ts';
import { useSessions } from './sessions/request-sessions.ts';
import { sessionRoutes } from './sessions/session-routes.ts';

export interface ServiceOptions {
  /** `secrets` must hold at least one, and `port` be the real one. */
  readonly config: Config;
  readonly logger: Logger;
  /** The built console. Default: where it is found; null serves a sentence on how to build it. */
  readonly consoleDirectory?: string | null;
}

/** The service, ready to listen. */
export interface Service {
  readonly app: App;
  readonly sessions: Sessions;
  readonly accounts: AccountsDatabase;
  readonly routes: RouteTable;
  /** The address under which browsers reach it. */
  readonly publicUrl: string;
}

const BODY_LIMIT = 64 * 1024;
const HEADER_LIMIT = 32 * 1024;
const HEADER_COUNT = 200;

/** Opens both databases and wires everything. `app.close()` closes them again. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { config, logger } = options;
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  const sessions = openSessions(config, logger);
  const path = join(config.dataDir, 'accounts.db');
  const accounts = accountsDatabase(await openAccountsFile(path));
  await migrate(accounts);
  const users = createUsers(accounts, path);
  const http = createHttpSessions(sessions, {
    origins: originsOf(config, publicUrl),
    cookieName: config.cookieName,
    ...(config.cookieDomain === null ? {} : { cookieDomain: config.cookieDomain }),
    insecureLoopbackCookies: config.profile === 'development',
  });

  const app = createApp(config, logger);
  const routes = watchRoutes(app);
  logRequests(app, logger);
  guardRequests(app, config, publicUrl);
  if (config.allowedOrigins.length > 0) await allowOrigins(app, config.allowedOrigins);
  handleErrors(app, routes, logger);
  await describeApi(app, publicUrl);
  const throttle = createThrottle({ database: accounts });
  const dummyHash = await hashPassword(randomBytes(16).toString('base64url'));
  await app.register(async (scope: App) => {
    useSessions(scope, http);
    accountRoutes(scope, { users, throttle, hashes: createHashQueue(), dummyHash });
    sessionRoutes(scope, { http, users });
  });
  healthRoutes(app, { sessions, accounts });
  await servePages(app, options.consoleDirectory === undefined ? findConsole() : options.consoleDirectory, logger);
  app.addHook('onClose', async () => {
    await sessions.close();
    users.close();
    await accounts.destroy();
  });
  return { app, sessions, accounts, routes, publicUrl };
}

/** The session engine alone: what the commands about keys need. */
export function openSessions(config: Config, logger: Logger): Sessions {
  return createSessions({
    store: sqliteStore({ directory: config.dataDir }),
    secrets: config.secrets,
    policy: { idleSeconds: config.idleSeconds, absoluteSeconds: config.absoluteSeconds },
    onEvent: (event) => logSessionEvent(logger, event),
  });
}

function createApp(config: Config, logger: Logger): App {
  const instance = randomBytes(4).toString('hex');
  let requests = 0;
  const app = fastify({
    // Fastify itself gets no logger: it would make a child of it for every request, which costs more than all hooks
    // together. What is to be logged is logged by ops/, and names the request itself.
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `${instance}-${++requests}`,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    http: { maxHeaderSize: HEADER_LIMIT, headersTimeout: 15_000 },
    // While stopping, what still arrives on an open connection is answered like any other request, and then it closes.
    return503OnClosing: false,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: true } },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply as FastifyReply, logger),
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;
  app.server.maxHeadersCount = HEADER_COUNT;
  acceptJsonOnly(app);
  return app;
}

/** Requests without a body may still name its type; keys that could reach a prototype are refused. */
function acceptJsonOnly(app: App): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body as string, done);
  });
}

async function allowOrigins(app: App, origins: readonly string[]): Promise<void> {
  await app.register(cors, {
    origin: [...origins],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: ['content-type', 'x-session-activity'],
    exposedHeaders: ['retry-after', 'x-session-reason'],
    maxAge: 600,
    strictPreflight: false,
    hideOptionsRoute: true,
  });
}

function originsOf(config: Config, publicUrl: string): string[] {
  const own =
    config.profile === 'development' ? [`http://localhost:${config.port}`, `http://127.0.0.1:${config.port}`] : [];
  return [...new Set([publicUrl, ...own, ...config.allowedOrigins])];
}
