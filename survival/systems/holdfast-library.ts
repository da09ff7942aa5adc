/** Our library in the application that a user of it would write: node:http, SQLite, one process or several. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteFiles } from '../stores/sqlite-files.ts';
import { installOurs } from './install-ours.ts';
import { nodeClock } from './node-clock.ts';
import { plainRoutes } from './plain-routes.ts';
import type { Recipe } from './recipe.ts';
import { REPOSITORY } from './repository.ts';

const APP = join(REPOSITORY, 'survival', 'systems', 'holdfast-library-app.ts');

export function holdfastLibrary(workers: number): Recipe {
  return {
    id: `holdfast-library-${workers}`,
    title: `Holdfast library, ${workers} ${workers === 1 ? 'process' : 'processes'}`,
    ours: true,
    setting: `node:http with holdfast/http/node, ${workers} ${workers === 1 ? 'process' : 'processes'}, SQLite`,
    workers,
    routes: plainRoutes([{ method: 'POST', path: '/sign-out-everywhere' }]),
    prepare: async () => null,
    version: () => {
      const manifest = readFileSync(join(REPOSITORY, 'packages', 'holdfast', 'package.json'), 'utf8');
      return (JSON.parse(manifest) as { version: string }).version;
    },
    program: (place) => ({
      file: process.execPath,
      args: place.rebuilt ? [join(place.home, 'app.ts')] : ['-C', 'holdfast-source', APP],
      directory: place.home,
      environment: {
        NODE_ENV: 'production',
        PORT: String(place.port),
        DATA_DIR: place.data,
        WORKERS: String(workers),
      },
    }),
    keys: (ring) => ({ SESSION_SECRET: ring.join(',') }),
    rotation: { ring: true, documented: 'secrets: <new>,<old>, restarted' },
    readyPath: '/ready',
    startStore: null,
    embeddedStore: (place) => sqliteFiles(() => place().data),
    async rebuild(place) {
      const done = await installOurs(place.home, ['holdfast']);
      copyFileSync(APP, join(place.home, 'app.ts'));
      return done;
    },
    ...nodeClock,
  };
}
