/** All drills, in the order of the report. */
import { browserRestart } from './browser-restart.ts';
import { clockWrong } from './clock-wrong.ts';
import { connections } from './connections.ts';
import type { Drill } from './drill.ts';
import { f5 } from './f5.ts';
import { garbageCookies } from './garbage-cookies.ts';
import { junkCookies } from './junk-cookies.ts';
import { keyRotation } from './key-rotation.ts';
import { kill9 } from './kill9.ts';
import { lateResponses } from './late-responses.ts';
import { lostResponses } from './lost-responses.ts';
import { noKey } from './no-key.ts';
import { otherKey } from './other-key.ts';
import { parallelWriters } from './parallel-writers.ts';
import { proxyDrops, proxyFolds } from './proxy-trouble.ts';
import { rebuild } from './rebuild.ts';
import { redirectBeforeSave } from './redirect-before-save.ts';
import { secondTab } from './second-tab.ts';
import { sibling } from './sibling.ts';
import { signOutEverywhere } from './sign-out-everywhere.ts';
import { signOutInFlight } from './sign-out-in-flight.ts';
import { sigtermRestart } from './sigterm-restart.ts';
import { storeFrozen, storeKilled } from './store-trouble.ts';
import { tokenExpiry } from './token-expiry.ts';

export const DRILLS: readonly Drill[] = [
  f5,
  secondTab,
  browserRestart,
  connections,
  sigtermRestart,
  kill9,
  rebuild,
  keyRotation,
  otherKey,
  noKey,
  tokenExpiry,
  lostResponses,
  lateResponses,
  clockWrong,
  garbageCookies,
  junkCookies,
  signOutInFlight,
  parallelWriters,
  redirectBeforeSave,
  signOutEverywhere,
  storeFrozen,
  storeKilled,
  proxyFolds,
  proxyDrops,
  sibling,
];
