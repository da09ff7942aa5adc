/** The service with one worker survives every drill in which processes could not get in each other's way. */
import { ALL, FLEET, survives } from './ours-survives.ts';

survives(
  'holdfast-service-1',
  ALL.filter((id) => !FLEET.includes(id)),
  // Values in a session are the library's.
  ['parallel-writers', 'redirect-before-save'],
);
