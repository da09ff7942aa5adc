/** The library in twenty lines on node:http, and the service as it is published, on each of their stores. */
import { emailOf, NAME } from '../answer.ts';
import { SERVICE_PROGRAM } from '../run/built.ts';
import type { Needs, Place, Section, SignInStep, System, WritesFrom } from '../system.ts';
import { ME, NO_NEEDS, PASSWORD, signIn, VALIDATE } from './shapes.ts';

/** The service allows a hundred sessions per account. */
const SESSIONS_PER_ACCOUNT = 50;

interface Backend {
  readonly section: Section;
  readonly needs: Needs;
  readonly writes: WritesFrom;
}

const EMBEDDED: Backend = { section: 'embedded', needs: NO_NEEDS, writes: { sqlite: 'sessions.db' } };
const REDIS: Backend = { section: 'redis', needs: { ...NO_NEEDS, redis: true }, writes: { redis: 'scripts' } };
const POSTGRES: Backend = { section: 'postgres', needs: { ...NO_NEEDS, postgres: true }, writes: { postgres: true } };
/** What reaches the durable layer counts. */
const LAYERED: Backend = { ...POSTGRES, needs: { redis: true, postgres: true, peers: false } };

function library(store: string, backend: Backend, title: string, { cache = false, quick = false } = {}): System {
  return {
    ...backend,
    group: 'ours',
    name: `library-${store}${cache ? '-l1' : ''}`,
    title: `holdfast \`resolve\` on node:http, ${title}`,
    program: ['-C', 'holdfast-source', 'bench/servers/holdfast-library.ts'],
    environment: () => ({ BENCH_STORE: store, BENCH_CACHE: cache ? '1' : '' }),
    request: ME,
    signIn,
    quick,
  };
}

export const LIBRARY_MEMORY: System = library('memory', { ...EMBEDDED, writes: null }, 'memory');
export const LIBRARY_SQLITE: System = library('sqlite', EMBEDDED, 'SQLite', { quick: true });
export const LIBRARY_REDIS: System = library('redis', REDIS, 'Redis without L1', { quick: true });
export const LIBRARY_REDIS_L1: System = library('redis', REDIS, 'Redis with L1', { cache: true, quick: true });
export const LIBRARY_POSTGRES: System = library('postgres', POSTGRES, 'PostgreSQL without L1');
export const LIBRARY_POSTGRES_L1: System = library('postgres', POSTGRES, 'PostgreSQL with L1', { cache: true });
export const LIBRARY_LAYERED: System = library('layered', LAYERED, 'Redis over PostgreSQL without L1');
export const LIBRARY_LAYERED_L1: System = library('layered', LAYERED, 'Redis over PostgreSQL with L1', { cache: true });

function service(
  name: string,
  backend: Backend,
  title: string,
  { quick = false, stores = () => ({}) }: ServiceFacts,
): System {
  return {
    ...backend,
    group: 'ours',
    name,
    title: `holdfast-server \`POST /unified-auth/validate\`, ${title}`,
    program: [SERVICE_PROGRAM, 'serve'],
    environment: (place) => ({
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(place.port),
      PUBLIC_URL: 'https://bench.example',
      ALLOWED_HOSTS: '127.0.0.1',
      DATA_DIR: place.directory,
      ...stores(place),
    }),
    request: VALIDATE,
    signIn: serviceSignIn,
    quick,
  };
}

interface ServiceFacts {
  readonly quick?: boolean;
  /** Settings that name the stores. */
  readonly stores?: (place: Place) => Readonly<Record<string, string>>;
}

export const SERVICE_SQLITE: System = service('service-sqlite', EMBEDDED, 'SQLite', { quick: true });
// Keys of two services in one database would be those of one service.
export const SERVICE_REDIS_L1: System = service('service-redis-l1', REDIS, 'Redis with L1', {
  quick: true,
  stores: ({ redisUrl }) => ({ REDIS_URL: `${redisUrl}/1` }),
});
export const SERVICE_LAYERED_L1: System = service('service-layered-l1', LAYERED, 'Redis over PostgreSQL with L1', {
  stores: ({ redisUrl, postgresUrl }) => ({ REDIS_URL: `${redisUrl}/2`, DATABASE_URL: postgresUrl }),
});

/** The service with its accounts: one sign-up for each, and a sign-in for each further session. */
function serviceSignIn(index: number): readonly SignInStep[] {
  const email = emailOf(Math.floor(index / SESSIONS_PER_ACCOUNT));
  return index % SESSIONS_PER_ACCOUNT === 0
    ? [{ path: '/auth/sign-up', body: { email, password: PASSWORD, name: NAME } }]
    : [{ path: '/auth/sign-in', body: { email, password: PASSWORD } }];
}
