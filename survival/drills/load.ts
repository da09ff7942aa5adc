/** Requests without pause from people who are signed in, and an account of what they were told. */
import { setTimeout as pause } from 'node:timers/promises';
import type { System, Who } from '../adapter.ts';
import { NoAnswer } from '../http/client.ts';
import { readSetCookie } from '../http/set-cookie.ts';
import type { Visitor } from '../visitor/visitor.ts';

/** One signed-in person. */
export interface Person {
  readonly user: string;
  readonly visitor: Visitor;
}

export interface LoadReport {
  readonly answers: number;
  /** How often somebody who is signed in was told "signed out", or somebody else's name. */
  readonly wrong: number;
  /** How often the answer was neither yes nor no, or did not come. */
  readonly unknown: number;
  /** How many answers took the visitor's cookies away. */
  readonly cleared: number;
}

export interface Load {
  stop(): Promise<LoadReport>;
}

/** Short enough that a lane asks several times while a store is away. */
const TIMEOUT_MS = 3000;
const PAUSE_MS = 5;

/** Keeps one request of each person under way at any moment. Whatever fails is tried again. */
export function startLoad(system: System, people: readonly Person[]): Load {
  const { routes } = system;
  const report = { answers: 0, wrong: 0, unknown: 0, cleared: 0 };
  let stopped = false;

  async function ask({ user, visitor }: Person): Promise<Who> {
    const held = visitor.jar.names;
    const answer = await visitor.ask(routes.whoAmI(), { timeoutMs: TIMEOUT_MS });
    if (answer.setCookie.some((line) => takesAway(line, held))) report.cleared += 1;
    const who = routes.who(answer);
    if (who.state === 'unknown') report.unknown += 1;
    else if (who.state === 'signed-out' || who.user !== user) report.wrong += 1;
    report.answers += 1;
    return who;
  }

  async function lane(person: Person): Promise<void> {
    while (!stopped) {
      try {
        await ask(person);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        report.unknown += 1;
      }
      await pause(PAUSE_MS);
    }
  }

  const lanes = people.map(lane);
  return {
    async stop() {
      stopped = true;
      await Promise.all(lanes);
      return report;
    },
  };
}

/** Whether a Set-Cookie line removes one of these cookies. */
function takesAway(line: string, names: readonly string[]): boolean {
  const cookie = readSetCookie(line, Date.now());
  return cookie !== null && names.includes(cookie.name) && cookie.lifeSeconds !== null && cookie.lifeSeconds <= 0;
}

/** How many of them the system does not know any more. */
export async function countLost(people: readonly Person[]): Promise<number> {
  let lost = 0;
  for (const { user, visitor } of people) if (!(await visitor.isKnownAs(user))) lost += 1;
  return lost;
}
