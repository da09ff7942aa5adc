/** What an operator can do to embedded SQLite files: another process locks them, is killed with the lock, or locks in turns. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoreControl } from '../adapter.ts';
import { ProcessGroup } from '../process/process-group.ts';

const HOLDER = fileURLToPath(new URL('./hold-lock.mjs', import.meta.url));

/** Controls every `*.db` in a directory. */
export function sqliteFiles(directory: () => string): StoreControl {
  let holder: ProcessGroup | null = null;

  async function hold(turnMs: number | null): Promise<void> {
    const folder = directory();
    const files = readdirSync(folder).filter((name) => name.endsWith('.db'));
    const paths = files.map((name) => join(folder, name)).join(',');
    const args = [HOLDER, paths, ...(turnMs === null ? [] : [String(turnMs)])];
    const started = new ProcessGroup({ file: process.execPath, args, directory: folder, environment: {} });
    holder = started;
    await started.until(() => started.output.includes('held'));
  }

  async function letGo(): Promise<void> {
    // Killed with its transaction open: what it holds must come free all the same.
    await holder?.kill();
    holder = null;
  }

  return {
    description: 'another process holds BEGIN EXCLUSIVE on every SQLite file, and is killed with it',
    freeze: () => hold(null),
    break: () => hold(null),
    restore: letGo,
    slow: (milliseconds) => (milliseconds === 0 ? letGo() : hold(milliseconds)),
  };
}
