/** What Linux knows about processes and cores: CPU time, memory, and how busy the cores were with something else. */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second for user space, on every machine. */
const TICKS_PER_SECOND = 100;

/** CPU time of one process so far, in seconds; with `children` also of those it started and waited for. 0 when it is gone. */
export function cpuSeconds(pid: number | 'self', children = false): number {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return 0;
  }
  // The name in brackets may hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (index: number): number => Number(fields[index - 3]);
  return (at(14) + at(15) + (children ? at(16) + at(17) : 0)) / TICKS_PER_SECOND;
}

/** Resident memory in bytes, without a word where the process is gone. */
export function residentBytes(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** A process and all below it. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const members = [pid];
  for (const member of members) {
    for (const [child, parent] of parents) if (parent === member) members.push(child);
  }
  return members;
}

/**
 * Seconds that the given cores spent on programs so far. Interrupts are left out: nearly all of them are the loopback
 * network of the measured programs themselves, and the kernel books them on nobody. Stolen time counts.
 */
export function busySeconds(cores: readonly number[]): number {
  let ticks = 0;
  for (const line of readFileSync('/proc/stat', 'utf8').split('\n')) {
    const [name = '', user, nice, system, , , , , steal] = line.split(/\s+/);
    if (!cores.some((core) => name === `cpu${core}`)) continue;
    ticks += Number(user) + Number(nice) + Number(system) + Number(steal);
  }
  return ticks / TICKS_PER_SECOND;
}
