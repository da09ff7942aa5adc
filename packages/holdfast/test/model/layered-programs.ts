/** What the explorer plays in every order of calls: two or three things at the same time, and what goes wrong meanwhile. */
import type { Hazard, Program } from './layered-explorer.ts';
import { type Act, sessionOf } from './layered-phases.ts';

const FRONT: readonly Hazard[] = ['front fails before', 'front fails after', 'front is cut'];
const EVERYTHING: readonly Hazard[] = [
  ...FRONT,
  'back fails before',
  'back fails after',
  'crash',
  'flush',
  'front goes back',
  'lease passes',
  'pause passes',
];

const session = sessionOf();
const other = sessionOf();
const { id } = session;
const next = { ...sessionOf(), version: 2 };
const move = { ifVersion: 1, next, pointerExpiresAt: session.createdAt + 30 * 86_400_000 };

const create: Act = [0, { kind: 'create', record: session }];
const createOther: Act = [1, { kind: 'create', record: other }];
const read: Act = [0, { kind: 'read', id }];

export const programs: Record<string, Program> = {
  'a sign-out beside a read': {
    processes: 2,
    before: [create],
    together: [read, [1, { kind: 'take', id }]],
    hazards: EVERYTHING,
    faults: 1,
    switches: 2,
  },
  'a sign-out beside a sign-in that is just written': {
    processes: 2,
    before: [],
    together: [create, [1, { kind: 'take', id }]],
    hazards: EVERYTHING,
    faults: 1,
    switches: 1,
  },
  'a sign-out beside an update': {
    processes: 2,
    before: [create],
    together: [
      [0, { kind: 'update', id, key: 'a' }],
      [1, { kind: 'take', id }],
    ],
    hazards: EVERYTHING,
    faults: 1,
    switches: 1,
  },
  'two updates beside each other': {
    processes: 2,
    before: [create],
    together: [
      [0, { kind: 'update', id, key: 'a' }],
      [1, { kind: 'update', id, key: 'b' }],
    ],
    hazards: EVERYTHING,
    faults: 1,
    switches: 1,
  },
  'an update of one version beside a touch': {
    processes: 2,
    before: [create],
    together: [
      [0, { kind: 'update', id, key: 'a', ifVersion: 1 }],
      [1, { kind: 'touch', id }],
    ],
    hazards: EVERYTHING,
    faults: 1,
    switches: 1,
  },
  'a new id beside a sign-out': {
    processes: 2,
    before: [create],
    together: [
      [0, { kind: 'move', id, move }],
      [1, { kind: 'take', id: next.id }],
    ],
    hazards: EVERYTHING,
    faults: 1,
    switches: 1,
  },
  'a sign-out everywhere beside a sign-in': {
    processes: 2,
    before: [create],
    together: [createOther, [0, { kind: 'takeByUser', userId: 'ada' }]],
    hazards: ['front fails after', 'back fails after', 'crash', 'flush', 'front goes back', 'lease passes'],
    faults: 1,
    switches: 1,
  },
  'two sign-ins where only one session may be': {
    processes: 2,
    before: [create],
    together: [
      [0, { kind: 'create', record: other, max: 1 }],
      [1, { kind: 'create', record: next, max: 1 }],
    ],
    hazards: ['front fails after', 'back fails after', 'crash', 'flush', 'lease passes'],
    faults: 1,
    switches: 1,
  },
  'an erasure beside a read': {
    processes: 2,
    before: [create],
    together: [read, [1, { kind: 'delete', id }]],
    hazards: EVERYTHING,
    faults: 1,
    switches: 1,
  },
  'a sign-out by a process that cannot reach the front': {
    processes: 2,
    before: [create],
    together: [read, [1, { kind: 'take', id }]],
    hazards: ['crash', 'flush', 'lease passes', 'pause passes', 'everybody looks'],
    faults: 1,
    switches: 2,
    cut: [1],
  },
  'an update by a process that cannot reach the front': {
    processes: 2,
    before: [create],
    together: [read, [1, { kind: 'update', id, key: 'a' }], [0, { kind: 'update', id, key: 'b' }]],
    hazards: ['lease passes', 'pause passes', 'everybody looks'],
    faults: 1,
    switches: 1,
    cut: [1],
  },
  'a read that copies across a sign-out and a flush': {
    processes: 2,
    before: [create],
    evicted: [id],
    together: [read, [1, { kind: 'take', id }]],
    hazards: ['flush'],
    faults: 1,
    switches: 4,
  },
  'an update that is repeated across a sign-out and a flush': {
    processes: 2,
    before: [create],
    together: [
      [0, { kind: 'update', id, key: 'a' }],
      [1, { kind: 'take', id }],
    ],
    hazards: ['flush'],
    faults: 1,
    switches: 4,
  },
  'a sign-out while the front is opened anew': {
    processes: 2,
    before: [create],
    suspendedFor: 1300,
    together: [read, [1, { kind: 'take', id }]],
    hazards: ['lease passes', 'everybody looks'],
    faults: 3,
    switches: 1,
  },
  'an update while the front is opened anew': {
    processes: 2,
    before: [create],
    suspendedFor: 1300,
    together: [read, [1, { kind: 'update', id, key: 'a' }]],
    hazards: ['lease passes', 'everybody looks', 'front is cut'],
    faults: 2,
    switches: 1,
  },
  'a read that copies beside an update': {
    processes: 2,
    before: [create],
    evicted: [id],
    together: [read, [1, { kind: 'update', id, key: 'a' }]],
    hazards: EVERYTHING,
    faults: 1,
    switches: 2,
  },
  'a sign-out by a newcomer': {
    processes: 2,
    newcomers: [1],
    before: [create],
    together: [read, [1, { kind: 'take', id }]],
    hazards: EVERYTHING,
    faults: 1,
    switches: 1,
  },
  'a sign-out by a newcomer at another front': {
    processes: 2,
    newcomers: [1],
    diverted: { processes: [1], to: 'another' },
    before: [create],
    together: [[1, { kind: 'take', id }]],
    hazards: ['lease passes', 'pause passes', 'everybody looks'],
    faults: 2,
    switches: 1,
  },
  'a sign-out by a newcomer at a copy of the front': {
    processes: 2,
    newcomers: [1],
    diverted: { processes: [1], to: 'a copy' },
    before: [create],
    together: [[1, { kind: 'take', id }]],
    hazards: ['lease passes', 'pause passes', 'everybody looks'],
    faults: 2,
    switches: 1,
  },
  'a sign-out that a newcomer at a copy of the front does not see': {
    processes: 2,
    newcomers: [1],
    diverted: { processes: [1], to: 'a copy' },
    before: [create],
    together: [
      [0, { kind: 'take', id }],
      [1, { kind: 'read', id }],
    ],
    hazards: ['lease passes', 'pause passes', 'everybody looks'],
    faults: 1,
    switches: 1,
  },
  'newcomers to a front that has gone back': {
    processes: 3,
    newcomers: [1, 2],
    before: [create],
    forgotten: [[0, { kind: 'take', id }]],
    together: [
      [1, { kind: 'read', id }],
      [2, { kind: 'read', id }],
    ],
    hazards: ['lease passes', 'everybody looks'],
    faults: 1,
    switches: 1,
  },
};
