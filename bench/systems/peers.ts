/** What others use: in its documented defaults, and a second time tuned, where that is possible. */
import { emailOf, NAME } from '../answer.ts';
import type { System } from '../system.ts';
import { ME, NO_ENVIRONMENT, NO_NEEDS, PASSWORD, SAME_ORIGIN, signIn } from './shapes.ts';

const peer = {
  group: 'peer',
  section: 'none',
  environment: NO_ENVIRONMENT,
  request: ME,
  signIn,
  needs: { ...NO_NEEDS, peers: true },
  writes: null,
  quick: false,
} as const;

const onRedis = {
  section: 'redis',
  needs: { redis: true, postgres: false, peers: true },
  writes: { redis: 'commands' },
} as const;

const express = { ...peer, program: ['bench/peers/express-session.mjs'] } as const;
const fastifySession = { ...peer, ...onRedis, program: ['bench/peers/fastify-session.mjs'] } as const;

const betterAuth = {
  ...peer,
  section: 'embedded',
  program: ['bench/peers/better-auth.mjs'],
  signIn: (index: number) => [
    { path: '/api/auth/sign-up/email', body: { email: emailOf(index), name: NAME, password: PASSWORD } },
  ],
  // Each takes about a tenth of a second of hashing.
  maxSessions: 100,
  writes: { sqlite: 'better-auth.db' },
} as const;
const betterAuthRoute = { method: 'GET', path: '/api/auth/get-session', headers: SAME_ORIGIN } as const;
const betterAuthOnRedis = { ...betterAuth, ...onRedis, environment: () => ({ BENCH_STORE: 'redis' }) } as const;
/** A copy of the session in a signed cookie, good for five minutes, during which the store is not asked. */
const cookieCache = { ...betterAuth, environment: () => ({ BENCH_STORE: 'cookie-cache' }) } as const;

export const PEERS: readonly System[] = [
  {
    ...peer,
    name: 'secure-session',
    title: '@fastify/secure-session (stateless)',
    program: ['bench/peers/secure-session.mjs'],
  },
  { ...fastifySession, name: 'fastify-session', title: '@fastify/session + Redis, default' },
  {
    ...fastifySession,
    name: 'fastify-session-tuned',
    title: '@fastify/session + Redis, tuned',
    environment: () => ({ BENCH_TUNED: '1' }),
  },
  {
    ...express,
    section: 'embedded',
    name: 'express-memory',
    title: 'express-session + MemoryStore',
    environment: () => ({ BENCH_STORE: 'memory' }),
  },
  {
    ...express,
    ...onRedis,
    name: 'express-redis',
    title: 'express-session + connect-redis, default',
    environment: () => ({ BENCH_STORE: 'redis' }),
  },
  {
    ...express,
    ...onRedis,
    name: 'express-redis-tuned',
    title: 'express-session + connect-redis, tuned',
    environment: () => ({ BENCH_STORE: 'redis', BENCH_TUNED: '1' }),
  },
  { ...peer, name: 'iron-session', title: 'iron-session (stateless)', program: ['bench/peers/iron-session.mjs'] },
  {
    ...betterAuthOnRedis,
    name: 'better-auth-redis-process',
    title: 'Better Auth, Redis as secondary storage, `api.getSession` in process',
  },
  {
    ...betterAuthOnRedis,
    name: 'better-auth-redis-http',
    title: 'Better Auth, Redis as secondary storage, its own route',
    request: betterAuthRoute,
  },
  {
    ...cookieCache,
    name: 'better-auth-cookie-process',
    title: 'Better Auth, cookie cache, `api.getSession` in process',
  },
  {
    ...cookieCache,
    name: 'better-auth-cookie-http',
    title: 'Better Auth, cookie cache, its own route',
    request: betterAuthRoute,
  },
  { ...betterAuth, name: 'better-auth-process', title: 'Better Auth, SQLite, `api.getSession` in process' },
  {
    ...betterAuth,
    name: 'better-auth-http',
    title: 'Better Auth, SQLite, its own route',
    request: betterAuthRoute,
  },
];
