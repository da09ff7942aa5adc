/** Signs several people in. */
import type { Stage } from './drill.ts';
import type { Person } from './load.ts';

const NAMES = ['ada', 'grace', 'edsger', 'barbara', 'alan', 'radia', 'donald', 'frances', 'tony', 'margaret'];

/** So many people, each in a browser of their own. Throws when a sign-in is refused. */
export async function signInPeople(stage: Stage, count: number): Promise<readonly Person[]> {
  const people: Person[] = [];
  for (let i = 0; i < count; i++) {
    const user = NAMES[i] ?? `person-${i}`;
    const visitor = stage.visitor();
    await visitor.signIn(user);
    people.push({ user, visitor });
  }
  return people;
}
