/** What a step of filling Redis cost, all in: memory, and the server's time. The same for every filler. */
import { type CommandFacts, redisCommandFacts, redisMemory } from '../measure/redis-facts.ts';

const AT_ONCE = 256;
/** What the measurement itself sends, and what keeps a connection alive. */
const OWN = new Set(['info', 'config', 'ping', 'hello', 'client', 'script', 'select']);

/** One step, such as creating all sessions. */
export interface Phase {
  readonly phase: string;
  readonly sessions: number;
  /** Of memory per session, everything that was there before this filler left out. */
  readonly bytes: number;
  /** Of the server's time per session. */
  readonly microseconds: number;
}

export interface Phases {
  /** Runs a step for every session, many at once, and writes what it cost to standard output as a line of JSON. */
  run(phase: string, step: (index: number) => unknown): Promise<void>;
}

export async function measurePhases(port: number, sessions: number): Promise<Phases> {
  const before = await redisMemory(port);
  return {
    async run(phase, step) {
      const then = await redisCommandFacts(port);
      let next = 0;
      const worker = async (): Promise<void> => {
        while (next < sessions) await step(next++);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      const spent = serverTime(then, await redisCommandFacts(port));
      const bytes = (await redisMemory(port)) - before;
      const result: Phase = { phase, sessions, bytes: bytes / sessions, microseconds: spent / sessions };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    },
  };
}

/** Redis counts what a script calls once more under its own name, so that only the scripts count where there are any. */
function serverTime(before: ReadonlyMap<string, CommandFacts>, after: ReadonlyMap<string, CommandFacts>): number {
  let scripts = 0;
  let all = 0;
  for (const [name, { microseconds }] of after) {
    const spent = microseconds - (before.get(name)?.microseconds ?? 0);
    if (!OWN.has(name.split('|')[0] ?? name)) all += spent;
    if (name.startsWith('eval')) scripts += spent;
  }
  return scripts > 0 ? scripts : all;
}
