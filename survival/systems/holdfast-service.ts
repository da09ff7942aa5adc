/** Our service as its operator runs it: `holdfast serve`, production settings, SQLite, one worker or several. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Routes } from '../adapter.ts';
import { jsonOf } from '../http/client.ts';
import { sqliteFiles } from '../stores/sqlite-files.ts';
import { HOST, ORIGIN } from '../visitor/site.ts';
import { installOurs } from './install-ours.ts';
import { nodeClock } from './node-clock.ts';
import type { Recipe } from './recipe.ts';
import { REPOSITORY } from './repository.ts';

const PASSWORD = 'seven bridges over the river';
const mail = (user: string): string => `${user}@example.com`;

const routes: Routes = {
  signUp: (user) => ({ method: 'POST', path: '/auth/sign-up', json: { email: mail(user), password: PASSWORD } }),
  signIn: (user) => ({ method: 'POST', path: '/auth/sign-in', json: { email: mail(user), password: PASSWORD } }),
  whoAmI: () => ({ method: 'GET', path: '/unified-auth/validate' }),
  who(answer) {
    const { valid, user, reason } = jsonOf(answer) as { valid?: unknown; user?: { email?: string }; reason?: string };
    if (answer.status !== 200) return { state: 'unknown', why: String(answer.status) };
    if (valid === true) return { state: 'signed-in', user: (user?.email ?? '').replace('@example.com', '') };
    return { state: 'signed-out', reason: reason ?? null };
  },
  signOut: () => ({ method: 'POST', path: '/auth/sign-out' }),
  signOutEverywhere: [
    { method: 'POST', path: '/auth/sessions/revoke-others' },
    { method: 'POST', path: '/auth/sign-out' },
  ],
  values: { notApplicable: 'the service keeps accounts and sessions; values in a session are the library’s' },
};

export function holdfastService(workers: number): Recipe {
  return {
    id: `holdfast-service-${workers}`,
    title: `Holdfast service, ${workers} ${workers === 1 ? 'worker' : 'workers'}`,
    ours: true,
    setting: `holdfast serve --workers ${workers}, production, SQLite`,
    workers,
    routes,
    prepare: async () => null,
    version: () => {
      const manifest = readFileSync(join(REPOSITORY, 'packages', 'server', 'package.json'), 'utf8');
      return (JSON.parse(manifest) as { version: string }).version;
    },
    program: (place) => ({
      file: process.execPath,
      args: [
        ...(place.rebuilt
          ? [join(place.home, 'node_modules', 'holdfast-server', 'dist', 'cli', 'main.js')]
          : ['-C', 'holdfast-source', join(REPOSITORY, 'packages', 'server', 'src', 'cli', 'main.ts')]),
        'serve',
        ...(workers === 1 ? [] : ['--workers', String(workers)]),
      ],
      directory: place.home,
      environment: {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: String(place.port),
        DATA_DIR: place.data,
        PUBLIC_URL: ORIGIN,
        ALLOWED_HOSTS: `${HOST},localhost`,
        LOG_LEVEL: 'warn',
      },
    }),
    keys: (ring) => ({ SESSION_SECRET: ring.join(',') }),
    rotation: { ring: true, documented: 'SESSION_SECRET=<new>,<old>, restarted' },
    readyPath: '/readyz',
    startStore: null,
    embeddedStore: (place) => sqliteFiles(() => place().data),
    rebuild: (place) => installOurs(place.home, ['holdfast', 'server']),
    ...nodeClock,
  };
}
