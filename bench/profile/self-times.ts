/** Reads a CPU profile of V8: the time that each function spent itself, per request, and what part of a program it is of. */

/** As much of the format as is read (Chrome DevTools protocol, `Profiler.Profile`). Times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Separates the group from the function in a key. */
const BETWEEN = ' · ';

/** `group · function (file)` → microseconds per request. Waiting is left out. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, requests: number): ReadonlyMap<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? null;
    // A delta is the time since the sample before.
    if (name !== null) times.set(name, (times.get(name) ?? 0) + (timeDeltas[index + 1] ?? 0) / requests);
  }
  return times;
}

/** The same by group. */
export function byGroup(times: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const groups = new Map<string, number>();
  for (const [name, time] of times) {
    const [group = name] = name.split(BETWEEN);
    groups.set(group, (groups.get(group) ?? 0) + time);
  }
  return groups;
}

function nameOf({ functionName, url }: { functionName: string; url: string }): string | null {
  if (functionName === '(idle)' || functionName === '(root)') return null;
  const group = groupOf(functionName, url);
  const file =
    url === ''
      ? ''
      : ` (${url
          .split('/')
          .at(-1)
          ?.replace(/\.[jt]s$/, '')})`;
  return `${group}${BETWEEN}${functionName === '' ? 'anonymous' : functionName}${file}`;
}

function groupOf(functionName: string, url: string): string {
  if (functionName === '(garbage collector)') return 'garbage collection';
  // System calls, and what C++ does between two functions of JavaScript.
  if (functionName === '(program)' || url === '') return 'native code and system calls';
  if (/^node:(_http|internal\/http|http)/.test(url)) return 'node: HTTP';
  if (/^node:(net|internal\/stream|internal\/streams|stream|_stream|events)/.test(url))
    return 'node: sockets and streams';
  if (url.startsWith('node:')) return 'node: the rest';
  const ours = /(?:packages\/holdfast\/src|node_modules\/holdfast\/dist)\/(\w+)/.exec(url)?.[1];
  if (ours !== undefined) return `holdfast/${ours}`;
  if (/packages\/server\/src|node_modules\/holdfast-server\/dist/.test(url)) return 'holdfast-server';
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (installed !== undefined) return installed;
  return 'the program itself';
}
