/** Peers on Node: express-session on its two usual stores, @fastify/session, Better Auth. */
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Routes } from '../adapter.ts';
import { jsonOf } from '../http/client.ts';
import { redisVersion, startRedis } from '../stores/redis-server.ts';
import { sqliteFiles } from '../stores/sqlite-files.ts';
import { nodeClock } from './node-clock.ts';
import { bring, bringPackages, PEERS, packageVersion, program } from './peer-needs.ts';
import { plainRoutes } from './plain-routes.ts';
import type { Place, Recipe } from './recipe.ts';

const REDIS = program('redis-server', 'redis-server');
const NO_LIST = { notApplicable: 'its documentation has no way to sign out everywhere' };

/** What all of them have in common. */
function nodePeer(file: string): Pick<Recipe, 'ours' | 'readyPath' | 'program' | 'rebuild' | 'clock' | 'clockText'> {
  return {
    ours: false,
    readyPath: '/ready',
    program: (place) => ({
      file: process.execPath,
      args: [join(place.rebuilt ? place.home : PEERS, file)],
      directory: place.home,
      environment: {
        NODE_ENV: 'production',
        PORT: String(place.port),
        WORKERS: String(place.workers),
        DATA_DIR: place.data,
        ...(place.storeUrl === '' ? {} : { REDIS_URL: place.storeUrl }),
      },
    }),
    rebuild: async (place: Place) => {
      for (const name of [file, 'serve.mjs', 'package.json']) cpSync(join(PEERS, name), join(place.home, name));
      symlinkSync(join(PEERS, 'node_modules'), join(place.home, 'node_modules'));
      return 'everything but the data directory and the store was deleted; the application was copied to an empty directory';
    },
    ...nodeClock,
  };
}

export const expressMemory: Recipe = {
  ...nodePeer('express-session.mjs'),
  id: 'express-session-memory',
  title: 'express-session, MemoryStore',
  setting: 'defaults, one process, MemoryStore',
  workers: 1,
  routes: plainRoutes(NO_LIST),
  prepare: async () => bringPackages(),
  version: () => packageVersion('express-session'),
  keys: (ring) => ({ SESSION_SECRET: ring.join(',') }),
  rotation: { ring: true, documented: 'secret: [<new>, <old>], restarted' },
  startStore: null,
  embeddedStore: () => ({ notApplicable: 'its store is a Map in its own process' }),
};

export const expressRedis: Recipe = {
  ...expressMemory,
  id: 'express-session-redis',
  title: 'express-session, connect-redis',
  setting: 'defaults, two processes, Redis',
  workers: 2,
  prepare: async () => bring([REDIS]) ?? bringPackages(),
  version: () =>
    `${packageVersion('express-session')} with connect-redis ${packageVersion('connect-redis')}, Redis ${redisVersion()}`,
  startStore: startRedis,
};

export const fastifySession: Recipe = {
  ...nodePeer('fastify-session.mjs'),
  id: 'fastify-session',
  title: '@fastify/session, Redis',
  setting: 'defaults, two processes, Redis',
  workers: 2,
  routes: plainRoutes(NO_LIST),
  prepare: async () => bring([REDIS]) ?? bringPackages(),
  version: () => `${packageVersion('@fastify/session')}, Redis ${redisVersion()}`,
  keys: (ring) => ({ SESSION_SECRET: ring.join(',') }),
  rotation: { ring: true, documented: 'secret: [<new>, <old>], restarted' },
  startStore: startRedis,
  embeddedStore: () => ({ notApplicable: 'its store is Redis' }),
};

const PASSWORD = 'seven bridges over the river';
const mail = (user: string): string => `${user}@example.com`;

const betterAuthRoutes: Routes = {
  signUp: (user) => ({
    method: 'POST',
    path: '/api/auth/sign-up/email',
    json: { name: user, email: mail(user), password: PASSWORD },
  }),
  signIn: (user) => ({
    method: 'POST',
    path: '/api/auth/sign-in/email',
    json: { email: mail(user), password: PASSWORD },
  }),
  whoAmI: () => ({ method: 'GET', path: '/api/auth/get-session' }),
  who(answer) {
    if (answer.status !== 200) return { state: 'unknown', why: String(answer.status) };
    const { user } = jsonOf(answer) as { user?: { email?: string } };
    if (user?.email === undefined) return { state: 'signed-out', reason: null };
    return { state: 'signed-in', user: user.email.replace('@example.com', '') };
  },
  signOut: () => ({ method: 'POST', path: '/api/auth/sign-out', json: {} }),
  signOutEverywhere: [{ method: 'POST', path: '/api/auth/revoke-sessions', json: {} }],
  values: { notApplicable: 'it keeps no values in a session beside fields that are declared beforehand' },
};

export const betterAuth: Recipe = {
  ...nodePeer('better-auth.mjs'),
  id: 'better-auth',
  title: 'Better Auth, SQLite',
  setting: 'defaults but for the rate limit, one process, SQLite',
  workers: 1,
  routes: betterAuthRoutes,
  prepare: async () => bringPackages(),
  version: () => packageVersion('better-auth'),
  keys: ([newest = '']) => ({ BETTER_AUTH_SECRET: newest }),
  rotation: { ring: false, documented: 'BETTER_AUTH_SECRET=<new>, restarted' },
  startStore: null,
  embeddedStore: (place) => sqliteFiles(() => place().data),
};
