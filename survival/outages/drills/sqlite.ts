/** Outages of the embedded store: a process that dies, a file that stays locked, a disk that is full. */
import { join } from 'node:path';
import { makeTemporaryDirectory } from '../../../test/services/temporary-directory.ts';
import { sqliteFiles } from '../../stores/sqlite-files.ts';
import type { OutageDrill } from '../drill.ts';
import { mountSmallDisk } from '../small-disk.ts';

const BACKEND = `node:sqlite ${process.versions.sqlite ?? ''}`.trim();
const DISK_MIB = 8;

const sqliteProcessKilled: OutageDrill = {
  id: 'sqlite-process-killed',
  title: 'SQLite: a process is killed',
  does: 'One of the two processes gets SIGKILL under load and is started again; the other one serves meanwhile.',
  seconds: { full: 5, short: 2 },
  mayLose: null,
  async open(processes) {
    const directory = makeTemporaryDirectory('outage');
    return {
      store: { kind: 'sqlite', directory: join(directory.path, 'data') },
      backend: BACKEND,
      fail: () => processes.kill(0),
      mend: () => processes.start(0),
      stop: async () => directory.remove(),
    };
  },
};

const sqliteLocked: OutageDrill = {
  id: 'sqlite-locked',
  title: 'SQLite: the file stays locked',
  does: 'Another process holds `BEGIN EXCLUSIVE` on the file and is killed with it.',
  seconds: { full: 10, short: 3 },
  mayLose: null,
  async open() {
    const directory = makeTemporaryDirectory('outage');
    const data = join(directory.path, 'data');
    const files = sqliteFiles(() => data);
    return {
      store: { kind: 'sqlite', directory: data },
      backend: BACKEND,
      fail: () => files.freeze(),
      mend: () => files.restore(),
      stop: async () => {
        await files.restore();
        directory.remove();
      },
    };
  },
};

const sqliteDiskFull: OutageDrill = {
  id: 'sqlite-disk-full',
  title: 'SQLite: the disk is full',
  does: `The file lies on a disk of ${DISK_MIB} MiB, on which no byte is free for a while.`,
  seconds: { full: 10, short: 3 },
  mayLose: null,
  async open() {
    const disk = mountSmallDisk(DISK_MIB);
    return {
      store: { kind: 'sqlite', directory: join(disk.path, 'data') },
      backend: `${BACKEND}, tmpfs`,
      fail: async () => disk.fill(),
      mend: async () => disk.free(),
      stop: async () => disk.remove(),
    };
  },
};

export const SQLITE_DRILLS: readonly OutageDrill[] = [sqliteProcessKilled, sqliteLocked, sqliteDiskFull];
