/** The processes that a server forked: PostgreSQL gives each a session of its own, so that no group signal reaches them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** The ids of the direct children of a process; none when it is gone. */
export function childrenOf(pid: number): number[] {
  if (existsSync('/proc/self/task')) {
    try {
      return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      // The process is gone, or this kernel does not list children.
      if (!existsSync(`/proc/${pid}`)) return [];
    }
  }
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []));
}

/** Whether a process has ended, even when nobody has asked for its exit code yet. */
export function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // The state follows the name, which stands in parentheses and may contain anything. Z: ended, not asked for.
    return existsSync('/proc/self') && /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Sends a signal to a process that may be gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
