/** Outages of PostgreSQL: restarts, cut connections, a network that swallows, a full disk, PgBouncer in between. */
import { setTimeout as pause } from 'node:timers/promises';
import { startCutProxy } from '../../../test/services/cut-proxy.ts';
import { startPgBouncer } from '../../../test/services/pgbouncer.ts';
import { type PostgresOptions, type PostgresServer, startPostgres } from '../../../test/services/postgres.ts';
import { waitUntil } from '../../../test/services/wait-until.ts';
import type { OutageDrill, Scene } from '../drill.ts';
import { mountSmallDisk, withTemporaryFolder } from '../small-disk.ts';

/** A fresh cluster and its first log take about 60. */
const DISK_MIB = 160;
const DURABLE: PostgresOptions = { fsync: true };

async function postgresScene(
  play: (postgres: PostgresServer) => Pick<Scene, 'fail' | 'mend'> & Partial<Pick<Scene, 'meanwhile'>>,
): Promise<Scene> {
  const postgres = await startPostgres(DURABLE);
  return {
    store: { kind: 'postgres', url: postgres.url },
    backend: await versionOf(postgres),
    ...play(postgres),
    stop: () => postgres.stop(),
  };
}

export async function versionOf(postgres: PostgresServer): Promise<string> {
  return `PostgreSQL ${(await postgres.sql('SHOW server_version')).split(' ')[0]}`;
}

/** Shuts it down by a signal: SIGINT is `fast` (sessions are rolled back and told), SIGQUIT `immediate` (as in a crash). */
export async function shutDown(postgres: PostgresServer, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  process.kill(postgres.pid, signal);
  await waitUntil('PostgreSQL had ended', () => !postgres.isRunning);
}

function restarted(mode: 'fast' | 'immediate'): OutageDrill {
  return {
    id: `postgres-restarted-${mode}`,
    title: `PostgreSQL restarted, ${mode}`,
    does:
      mode === 'fast'
        ? 'Shut down in order under load (`pg_ctl stop -m fast`) and started again.'
        : 'Shut down as in a crash (`pg_ctl stop -m immediate`); the start recovers from the log.',
    seconds: { full: 5, short: 2 },
    mayLose: null,
    open: () =>
      postgresScene((postgres) => ({
        fail: () => shutDown(postgres, mode === 'fast' ? 'SIGINT' : 'SIGQUIT'),
        mend: () => postgres.restart(),
      })),
  };
}

const connectionsCut: OutageDrill = {
  id: 'postgres-connections-cut',
  title: 'PostgreSQL: all connections cut',
  does: '`pg_terminate_backend` for every connection, again and again; new ones are taken at once.',
  seconds: { full: 5, short: 2 },
  mayLose: null,
  open: () =>
    postgresScene((postgres) => {
      let isOver = false;
      const cut = (): Promise<string> =>
        postgres.sql('SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
      return {
        fail: async () => void (await cut()),
        async meanwhile() {
          const end = performance.now() + 1500;
          while (!isOver && performance.now() < end) {
            await cut();
            await pause(400);
          }
        },
        async mend() {
          isOver = true;
        },
      };
    }),
};

const networkSilent: OutageDrill = {
  id: 'postgres-network-silent',
  title: 'Network to PostgreSQL: packets lost',
  does: 'Connections stay open and nothing passes; afterwards what was sent meanwhile arrives.',
  seconds: { full: 10, short: 4 },
  mayLose: null,
  async open() {
    const postgres = await startPostgres(DURABLE);
    const proxy = await startCutProxy(postgres);
    const url = new URL(postgres.url);
    url.port = String(proxy.port);
    return {
      store: { kind: 'postgres', url: url.href },
      backend: await versionOf(postgres),
      fail: async () => proxy.blackhole(),
      mend: () => proxy.restore(),
      async stop() {
        await proxy.stop();
        await postgres.stop();
      },
    };
  },
};

const pgBouncerRestarted: OutageDrill = {
  id: 'pgbouncer-restarted',
  title: 'PgBouncer restarted',
  does: 'PgBouncer in transaction mode is killed and started again some seconds later; LISTEN has a connection of its own.',
  seconds: { full: 5, short: 2 },
  mayLose: null,
  async open() {
    const postgres = await startPostgres(DURABLE);
    const bouncer = await startPgBouncer(postgres);
    return {
      store: { kind: 'postgres', url: bouncer.url('postgres'), listenUrl: postgres.url },
      backend: `${await versionOf(postgres)} behind PgBouncer`,
      fail: () => bouncer.kill(),
      mend: () => bouncer.restart(),
      async stop() {
        await bouncer.stop();
        await postgres.stop();
      },
    };
  },
};

const diskFull: OutageDrill = {
  id: 'postgres-disk-full',
  title: 'PostgreSQL: the disk is full',
  does: `The data directory lies on a disk of ${DISK_MIB} MiB, on which no byte is free for a while.`,
  seconds: { full: 10, short: 4 },
  mayLose: null,
  async open() {
    const disk = mountSmallDisk(DISK_MIB);
    const settings = { max_wal_size: '32MB', min_wal_size: '32MB' };
    const postgres = await withTemporaryFolder(disk, () => startPostgres({ ...DURABLE, settings }));
    return {
      store: { kind: 'postgres', url: postgres.url },
      backend: `${await versionOf(postgres)}, tmpfs`,
      fail: async () => disk.fill(),
      async mend() {
        disk.free();
        if (!postgres.isRunning) await postgres.restart();
      },
      async stop() {
        await postgres.stop();
        disk.remove();
      },
    };
  },
};

export const POSTGRES_DRILLS: readonly OutageDrill[] = [
  restarted('fast'),
  restarted('immediate'),
  connectionsCut,
  networkSilent,
  pgBouncerRestarted,
  diskFull,
];
