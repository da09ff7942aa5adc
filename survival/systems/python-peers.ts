/** Peers in Python under gunicorn, from Debian's packages: Flask's signed cookies and Django's cache sessions. */
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisVersion, startRedis } from '../stores/redis-server.ts';
import { bring, moduleVersion, PEERS, PYTHON, program, pythonModule } from './peer-needs.ts';
import { plainRoutes } from './plain-routes.ts';
import type { Place, Recipe } from './recipe.ts';

const CLOCK = fileURLToPath(new URL('../process/python', import.meta.url));
const NEEDS = [program('gunicorn', 'gunicorn')];
const NO_LIST = { notApplicable: 'its documentation has no way to sign out everywhere' };

function pythonPeer(
  module: string,
): Pick<Recipe, 'ours' | 'readyPath' | 'workers' | 'program' | 'rebuild' | 'clock' | 'clockText'> {
  return {
    ours: false,
    readyPath: '/ready',
    workers: 2,
    program: (place) => ({
      file: 'gunicorn',
      // Without a limit on how long a worker is silent: when its clock is moved, gunicorn takes that for silence.
      args: ['--workers', '2', '--timeout', '0', '--bind', `127.0.0.1:${place.port}`, `${module}:app`],
      directory: place.home,
      environment: environmentOf(place),
    }),
    rebuild: async (place) => {
      cpSync(join(PEERS, `${module}.py`), join(place.home, `${module}.py`));
      return 'everything but the data directory and the store was deleted; the application was copied to an empty directory';
    },
    clock: (file) => ({
      environment: { SURVIVAL_CLOCK: file },
      how: 'a sitecustomize module shifts its time.time()',
    }),
    clockText: (offsetSeconds) => String(offsetSeconds),
  };
}

function environmentOf(place: Place): Record<string, string> {
  return {
    PYTHONPATH: [CLOCK, place.rebuilt ? place.home : PEERS].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    DATA_DIR: place.data,
    ...(place.storeUrl === '' ? {} : { REDIS_URL: place.storeUrl }),
  };
}

export const flask: Recipe = {
  ...pythonPeer('flask_app'),
  id: 'flask-random-key',
  title: 'Flask, random key',
  setting: 'signed cookies, secret_key = os.urandom(24), gunicorn with two workers',
  routes: plainRoutes(NO_LIST),
  prepare: async () => bring([...NEEDS, pythonModule('flask', 'python3-flask')]),
  version: () => moduleVersion('flask.__version__'),
  keys: () => ({ notApplicable: 'each of its processes makes up a key at each start' }),
  rotation: { ring: false, documented: '' },
  startStore: null,
  embeddedStore: () => ({ notApplicable: 'it has no store: everything is in the cookie' }),
};

const django_ = pythonPeer('django_app');

export const django: Recipe = {
  ...django_,
  id: 'django-cache',
  title: 'Django, cache sessions',
  setting: 'django.contrib.auth, cache sessions on Redis, gunicorn with two workers',
  routes: plainRoutes(NO_LIST),
  prepare: async () =>
    bring([
      ...NEEDS,
      program('redis-server', 'redis-server'),
      pythonModule('django', 'python3-django'),
      pythonModule('django_redis', 'python3-django-redis'),
    ]),
  version: () => `${moduleVersion('django.__version__')}, Redis ${redisVersion()}`,
  program(place) {
    const started = django_.program(place);
    const args = [...started.args.slice(0, -1), 'django_app:application'];
    // The users' tables, as a deployment makes them.
    const manage = join(place.rebuilt ? place.home : PEERS, 'django_app.py');
    const environment = { ...environmentOf(place), SESSION_SECRET: 'only-for-making-the-tables' };
    const made = spawnSync(PYTHON, [manage], {
      env: { PATH: process.env.PATH ?? '', ...environment },
      encoding: 'utf8',
    });
    if (made.status !== 0) throw new Error(`Django could not make its tables: ${made.stderr}`);
    return { ...started, args };
  },
  keys: ([newest = '']) => ({ SESSION_SECRET: newest }),
  rotation: { ring: false, documented: 'SECRET_KEY = <new>, restarted (this version knows no fallbacks)' },
  startStore: startRedis,
  embeddedStore: () => ({ notApplicable: 'its store is Redis' }),
};
