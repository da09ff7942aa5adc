/** The service survives every drill: with two workers where processes could get in each other's way, with one elsewhere. */
import { ALL, survives } from './ours-survives.ts';

const FLEET = [
  'connections',
  'sigterm-restart',
  'kill9',
  'other-key',
  'token-expiry',
  'sign-out-in-flight',
  'sign-out-everywhere',
  'store-frozen',
];

survives('holdfast-service-2', FLEET);
survives(
  'holdfast-service-1',
  ALL.filter((id) => !FLEET.includes(id)),
  // Values in a session are the library's.
  ['parallel-writers', 'redirect-before-save'],
);
