/** What cannot be undercut: the platform itself, and the least code that still asks a store. */
import type { System } from '../system.ts';
import { ME, NO_ENVIRONMENT, NO_NEEDS, signIn, VALIDATE } from './shapes.ts';

const floor = {
  group: 'floor',
  section: 'none',
  environment: NO_ENVIRONMENT,
  request: ME,
  signIn: null,
  needs: NO_NEEDS,
  writes: null,
  quick: true,
} as const;

const onRedis = {
  ...floor,
  section: 'redis',
  signIn,
  needs: { ...NO_NEEDS, redis: true },
  writes: { redis: 'commands' },
} as const;

export const RAW_HTTP: System = {
  ...floor,
  name: 'raw-http',
  title: 'raw node:http, JSON answer',
  program: ['bench/servers/raw-http.ts'],
};

export const FASTIFY: System = {
  ...floor,
  name: 'fastify',
  title: 'Fastify, JSON answer',
  program: ['bench/servers/fastify.ts'],
  request: VALIDATE,
};

export const NODE_SQLITE: System = {
  ...floor,
  section: 'embedded',
  name: 'node-sqlite',
  title: 'node:http + `node:sqlite` get',
  program: ['bench/servers/node-sqlite.ts'],
  signIn,
  writes: { sqlite: 'floor.db' },
};

export const NODE_REDIS: System = {
  ...onRedis,
  name: 'node-redis',
  title: 'node:http + node-redis GET, no timer per command',
  program: ['bench/servers/node-redis.ts'],
};

export const NODE_REDIS_TIMER: System = {
  ...onRedis,
  name: 'node-redis-timer',
  title: 'node:http + node-redis GET, its default timeout',
  program: ['bench/servers/node-redis.ts'],
  environment: () => ({ BENCH_TIMER: '1' }),
  quick: false,
};

export const NODE_L1: System = {
  ...onRedis,
  name: 'node-l1',
  title: 'node:http + Map kept true by client tracking',
  program: ['bench/servers/node-redis.ts'],
  environment: () => ({ BENCH_CACHE: '1' }),
};

export const FASTIFY_REDIS: System = {
  ...onRedis,
  name: 'fastify-redis',
  title: 'Fastify + lean hook, node-redis GET',
  program: ['bench/servers/fastify-redis.ts'],
  quick: false,
};

export const FASTIFY_L1: System = {
  ...onRedis,
  name: 'fastify-l1',
  title: 'Fastify + lean hook, Map kept true by client tracking',
  program: ['bench/servers/fastify-redis.ts'],
  environment: () => ({ BENCH_CACHE: '1' }),
  quick: false,
};

export const NODE_POSTGRES: System = {
  ...floor,
  section: 'postgres',
  name: 'node-postgres',
  title: 'node:http + pg, prepared SELECT',
  program: ['bench/servers/node-postgres.ts'],
  signIn,
  needs: { ...NO_NEEDS, postgres: true },
  writes: { postgres: true },
  quick: false,
};
