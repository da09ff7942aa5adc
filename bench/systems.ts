/** The systems under test: floors, peers in their documented defaults (and tuned, where their documentation says how), ours. */
import { emailOf, NAME, userIdOf } from './answer.ts';
import { SERVICE_PROGRAM } from './run/built.ts';
import type { RequestShape, SignInStep, System } from './system.ts';

const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' };
const ME: RequestShape = { method: 'GET', path: '/me', headers: SAME_ORIGIN };
const VALIDATE: RequestShape = { method: 'POST', path: '/unified-auth/validate', headers: SAME_ORIGIN };
const NOTHING = () => ({});
const PASSWORD = 'a fine long password';
/** The service allows a hundred sessions per account. */
const SESSIONS_PER_ACCOUNT = 50;

const signIn = (index: number): readonly SignInStep[] => [{ path: '/sign-in', body: { userId: userIdOf(index) } }];

const floor = {
  group: 'floor',
  environment: NOTHING,
  request: ME,
  signIn: null,
  needs: { redis: false, peers: false },
  writes: null,
  quick: true,
} as const;

const peer = {
  group: 'peer',
  environment: NOTHING,
  request: ME,
  signIn,
  needs: { redis: false, peers: true },
  writes: null,
  quick: false,
} as const;

const onRedis = { needs: { redis: true, peers: true }, writes: { redis: true } } as const;

const betterAuth = {
  ...peer,
  program: ['bench/peers/better-auth.mjs'],
  signIn: (index: number) => [
    { path: '/api/auth/sign-up/email', body: { email: emailOf(index), name: NAME, password: PASSWORD } },
  ],
  // Each takes about a tenth of a second of hashing.
  maxSessions: 100,
  writes: { sqlite: 'better-auth.db' },
} as const;

const library = {
  group: 'ours',
  program: ['-C', 'holdfast-source', 'bench/servers/holdfast-library.ts'],
  request: ME,
  signIn,
  needs: { redis: false, peers: false },
  quick: true,
} as const;

/** In the order in which they take turns: what is compared with each other stands together. */
export const SYSTEMS: readonly System[] = [
  { ...floor, name: 'raw-http', title: 'raw node:http, JSON answer', program: ['bench/servers/raw-http.ts'] },
  {
    ...library,
    name: 'library-sqlite',
    title: 'holdfast `resolve` on node:http, SQLite',
    environment: () => ({ BENCH_STORE: 'sqlite' }),
    writes: { sqlite: 'sessions.db' },
  },
  {
    ...floor,
    name: 'node-sqlite',
    title: 'node:http + `node:sqlite` get',
    program: ['bench/servers/node-sqlite.ts'],
    signIn,
    writes: { sqlite: 'floor.db' },
  },
  {
    ...library,
    name: 'library-memory',
    title: 'holdfast `resolve` on node:http, memory',
    environment: () => ({ BENCH_STORE: 'memory' }),
    writes: null,
    quick: false,
  },
  {
    ...floor,
    name: 'fastify',
    title: 'Fastify, JSON answer',
    program: ['bench/servers/fastify.ts'],
    request: VALIDATE,
  },
  {
    ...library,
    name: 'service-sqlite',
    title: 'holdfast-server `POST /unified-auth/validate`, SQLite',
    program: [SERVICE_PROGRAM, 'serve'],
    environment: (port, directory) => ({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: 'https://bench.example',
      ALLOWED_HOSTS: '127.0.0.1',
      DATA_DIR: directory,
    }),
    request: VALIDATE,
    signIn: serviceSignIn,
    writes: { sqlite: 'sessions.db' },
  },
  {
    ...peer,
    name: 'secure-session',
    title: '@fastify/secure-session (stateless)',
    program: ['bench/peers/secure-session.mjs'],
  },
  {
    ...peer,
    ...onRedis,
    name: 'fastify-session',
    title: '@fastify/session + Redis, default',
    program: ['bench/peers/fastify-session.mjs'],
  },
  {
    ...peer,
    ...onRedis,
    name: 'fastify-session-tuned',
    title: '@fastify/session + Redis, tuned',
    program: ['bench/peers/fastify-session.mjs'],
    environment: () => ({ BENCH_TUNED: '1' }),
  },
  {
    ...peer,
    name: 'express-memory',
    title: 'express-session + MemoryStore',
    program: ['bench/peers/express-session.mjs'],
    environment: () => ({ BENCH_STORE: 'memory' }),
  },
  {
    ...peer,
    ...onRedis,
    name: 'express-redis',
    title: 'express-session + connect-redis, default',
    program: ['bench/peers/express-session.mjs'],
    environment: () => ({ BENCH_STORE: 'redis' }),
  },
  { ...peer, name: 'iron-session', title: 'iron-session (stateless)', program: ['bench/peers/iron-session.mjs'] },
  {
    ...betterAuth,
    name: 'better-auth-process',
    title: 'Better Auth, SQLite, `api.getSession` in process',
  },
  {
    ...betterAuth,
    name: 'better-auth-http',
    title: 'Better Auth, SQLite, its own route',
    request: { method: 'GET', path: '/api/auth/get-session', headers: SAME_ORIGIN },
  },
];

/** The service with its accounts: one sign-up for each, and a sign-in for each further session. */
function serviceSignIn(index: number): readonly SignInStep[] {
  const email = emailOf(Math.floor(index / SESSIONS_PER_ACCOUNT));
  return index % SESSIONS_PER_ACCOUNT === 0
    ? [{ path: '/auth/sign-up', body: { email, password: PASSWORD, name: NAME } }]
    : [{ path: '/auth/sign-in', body: { email, password: PASSWORD } }];
}
