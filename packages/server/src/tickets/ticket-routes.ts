/** Everything about one-time sessions over HTTP, put together from its parts. */
import type { FastifyRequest } from 'fastify';
import type { HttpSessions } from 'holdfast/http';
import type { Tickets } from 'holdfast/tickets';
import type { Logger } from 'pino';
import type { Throttle } from '../accounts/throttle.ts';
import type { Users } from '../accounts/users.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { App } from '../app-type.ts';
import type { Config } from '../config/config.ts';
import { useSessions } from '../sessions/request-sessions.ts';
import { createRoute } from './create-route.ts';
import { frameRoutes } from './frame-routes.ts';
import { statusRoute } from './status-route.ts';
import { validateRoutes } from './validate-routes.ts';

export interface TicketRouteParts {
  readonly config: Config;
  readonly tickets: Tickets;
  readonly apiKeys: ApiKeys;
  readonly users: Users;
  readonly throttle: Throttle;
  /** The sessions of people. */
  readonly http: HttpSessions;
  /** Those of embedded pages. */
  readonly frames: HttpSessions;
  /** The service's own origins. */
  readonly ownOrigins: readonly string[];
  readonly storage: string;
  readonly mayAsk: (request: FastifyRequest) => Promise<void>;
  readonly logger: Logger;
}

/** Registers the routes; each kind of session has a scope of its own, because a request has one exchange. */
export async function ticketRoutes(app: App, parts: TicketRouteParts): Promise<void> {
  const { config, tickets, apiKeys, users, throttle, http, frames, ownOrigins, storage, mayAsk, logger } = parts;
  const ownerOrigins = [...new Set([...ownOrigins, ...config.allowedOrigins])];
  const open = config.profile === 'development';
  await app.register(async (scope: App) => {
    useSessions(scope, http);
    createRoute(scope, { tickets, apiKeys, http, users, throttle, storage, ownerOrigins, open, logger });
  });
  await app.register(async (scope: App) => {
    useSessions(scope, frames);
    validateRoutes(scope, { tickets, apiKeys, http: frames });
    frameRoutes(scope);
  });
  statusRoute(app, { tickets, storage, mayAsk });
}
