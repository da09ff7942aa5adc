/** Composes the service: configuration in, a Fastify application with everything wired out. */

import { randomBytes } from 'node:crypto';
import cors from '@fastify/cors';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { type FastifyReply, fastify, LogController } from 'fastify';
import { createSessions, type Sessions } from 'holdfast';
import { createHttpSessions } from 'holdfast/http';
import { ACTIVITY_HEADER, HINT_HEADER, REASON_HEADER } from 'holdfast/protocol';
import { createTickets, type Tickets } from 'holdfast/tickets';
import type { Logger } from 'pino';
import { accountRoutes } from './accounts/account-routes.ts';
import { accountsHealth } from './accounts/accounts-health.ts';
import { createHashQueue } from './accounts/hash-queue.ts';
import { openAccounts } from './accounts/open-accounts.ts';
import { hashPassword } from './accounts/password-hash.ts';
import type { AccountsBackend, AccountsDatabase } from './accounts/tables.ts';
import { createThrottle } from './accounts/throttle.ts';
import { createUsers } from './accounts/users.ts';
import { createApiKeys } from './api-keys/api-keys.ts';
import { keysOnly } from './api-keys/require-api-key.ts';
import type { App } from './app-type.ts';
import { type Config, ConfigError } from './config/config.ts';
import { embedRoutes } from './embed/embed-routes.ts';
import { answerClientError, answerError, describeError, handleErrors } from './ops/error-handling.ts';
import { healthRoutes } from './ops/health.ts';
import { logRequests, logSessionEvent } from './ops/logging.ts';
import { logLostCookies } from './ops/lost-cookies-log.ts';
import { describeApi } from './ops/openapi.ts';
import { logOutages, type OutageLog } from './ops/outage-log.ts';
import { guardRequests } from './ops/request-guard.ts';
import { type RouteTable, watchRoutes } from './ops/route-table.ts';
import { findConsole, servePages } from './pages/pages.ts';
import { type OpenedStore, openStore } from './sessions/open-store.ts';
import { useSessions } from './sessions/request-sessions.ts';
import { sessionRoutes } from './sessions/session-routes.ts';
import { ticketRoutes } from './tickets/ticket-routes.ts';

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
  readonly tickets: Tickets;
  readonly opened: OpenedStore;
  readonly accounts: AccountsDatabase;
  readonly routes: RouteTable;
  /** The address under which browsers reach it. */
  readonly publicUrl: string;
}

const BODY_LIMIT = 64 * 1024;
const HEADER_LIMIT = 32 * 1024;
const HEADER_COUNT = 200;

/** Opens both databases and wires everything. `app.close()` closes them again. Throws `ConfigError` when one cannot be used. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { config, logger } = options;
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  const { opened, backend } = await openBoth(config);
  const { sessions, outages: sessionOutages } = createSessionEngine(opened, config, logger);
  const accounts = backend.database;
  const accountOutages = logOutages({ name: 'the accounts database', logger, health: () => accountsHealth(accounts) });
  const users = createUsers(backend, { onFailure: (error) => accountOutages.failed({ err: describeError(error) }) });
  const ownOrigins = ownOriginsOf(config, publicUrl);
  const http = createHttpSessions(sessions, {
    origins: [...new Set([...ownOrigins, ...config.allowedOrigins])],
    cookieName: config.cookieName,
    ...(config.cookieDomain === null ? {} : { cookieDomain: config.cookieDomain }),
    insecureLoopbackCookies: config.profile === 'development',
  });
  // An embedded page is one of ours: other origins have no say in its session, listed or not.
  const frames = createHttpSessions(sessions, {
    origins: ownOrigins,
    cookieName: `${config.cookieName}_frame`,
    partitioned: true,
  });

  const tickets = createTickets({
    store: opened.store,
    secrets: config.secrets,
    policy: { maxTickets: config.maxSessions },
    onEvent: ({ type, ...facts }) => sessionOutages.failed({ event: type, ...facts }),
  });
  const apiKeys = createApiKeys(backend);

  const app = createApp(config, logger);
  const routes = watchRoutes(app);
  logRequests(app, logger);
  guardRequests(app, config, publicUrl);
  if (config.allowedOrigins.length > 0) await allowOrigins(app, config.allowedOrigins);
  handleErrors(app, routes, logger, accountOutages);
  await describeApi(app, publicUrl);
  const throttle = createThrottle({ backend });
  const dummyHash = await hashPassword(randomBytes(16).toString('base64url'));
  await app.register(async (scope: App) => {
    useSessions(scope, http);
    accountRoutes(scope, { users, throttle, hashes: createHashQueue(), dummyHash });
    sessionRoutes(scope, { http, users, tellLostCookies: logLostCookies(logger) });
  });
  const storage = opened.store.kind;
  const mayAsk = keysOnly(apiKeys, config.profile === 'development');
  await ticketRoutes(app, {
    config,
    tickets,
    apiKeys,
    users,
    throttle,
    http,
    frames,
    ownOrigins,
    storage,
    mayAsk,
    logger,
  });
  healthRoutes(app, { sessions, storage, mayAsk, accounts: () => accountsHealth(accounts) });
  const directory = options.consoleDirectory === undefined ? findConsole() : options.consoleDirectory;
  await embedRoutes(app, { tickets, frames, directory, isDevelopment: config.profile === 'development' });
  await servePages(app, directory, logger);
  app.addHook('onClose', async () => {
    sessionOutages.close();
    accountOutages.close();
    tickets.close();
    await sessions.close();
    await backend.close();
  });
  return { app, sessions, tickets, opened, accounts, routes, publicUrl };
}

/** The session engine alone: what the commands about keys need. Throws `ConfigError`. */
export async function openSessions(config: Config, logger: Logger): Promise<Sessions> {
  return createSessionEngine(await openStore(config), config, logger).sessions;
}

function createSessionEngine(
  { store }: OpenedStore,
  config: Config,
  logger: Logger,
): { readonly sessions: Sessions; readonly outages: OutageLog } {
  const outages = logOutages({ name: 'the session store', logger, health: () => sessions.health() });
  const sessions: Sessions = createSessions({
    store,
    secrets: config.secrets,
    policy: { idleSeconds: config.idleSeconds, absoluteSeconds: config.absoluteSeconds },
    onEvent(event) {
      if (event.type !== 'store-failed') return logSessionEvent(logger, event);
      const { type, ...facts } = event;
      outages.failed({ event: type, ...facts });
    },
  });
  return { sessions, outages };
}

/** Both, or all that is wrong with either. */
async function openBoth(config: Config): Promise<{ readonly opened: OpenedStore; readonly backend: AccountsBackend }> {
  const store = openStore(config);
  // On one database the store makes the schema that the accounts are in, and tells what is wrong for both.
  const accounts = config.databaseUrl === null ? openAccounts(config) : store.then(() => openAccounts(config));
  const [opened, backend] = await Promise.allSettled([store, accounts]);
  if (opened.status === 'fulfilled' && backend.status === 'fulfilled') {
    return { opened: opened.value, backend: backend.value };
  }
  if (opened.status === 'fulfilled') await opened.value.store.close();
  if (backend.status === 'fulfilled') await backend.value.close();
  const failures = new Set([opened, backend].flatMap((each) => (each.status === 'rejected' ? [each.reason] : [])));
  const unexpected = [...failures].find((failure) => !(failure instanceof ConfigError));
  if (unexpected !== undefined) throw unexpected;
  throw new ConfigError([...failures].flatMap((failure) => (failure as ConfigError).problems));
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
    allowedHeaders: ['content-type', ACTIVITY_HEADER],
    exposedHeaders: ['retry-after', REASON_HEADER, HINT_HEADER],
    maxAge: 600,
    strictPreflight: false,
    hideOptionsRoute: true,
  });
}

function ownOriginsOf(config: Config, publicUrl: string): string[] {
  const own =
    config.profile === 'development' ? [`http://localhost:${config.port}`, `http://127.0.0.1:${config.port}`] : [];
  return [...new Set([publicUrl, ...own])];
}
