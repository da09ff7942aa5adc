/** What a CPU profile says about a request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byGroup, type CpuProfile, selfTimes } from '../profile/self-times.ts';

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: { functionName: '(idle)', url: '', lineNumber: -1 } },
    {
      id: 2,
      callFrame: { functionName: 'read', url: 'file:///r/packages/holdfast/src/stores/redis/reader.ts', lineNumber: 1 },
    },
    {
      id: 3,
      callFrame: { functionName: '', url: 'file:///r/node_modules/@redis/client/dist/socket.js', lineNumber: 1 },
    },
    { id: 4, callFrame: { functionName: 'writeUtf8String', url: '', lineNumber: -1 } },
    { id: 5, callFrame: { functionName: 'end', url: 'node:_http_outgoing', lineNumber: 1 } },
  ],
  samples: [1, 2, 3, 4, 5, 2],
  timeDeltas: [0, 1000, 200, 300, 400, 500],
};

test('each function gets the time until the next sample, by request, and waiting is nobody’s', () => {
  assert.deepEqual(Object.fromEntries(selfTimes(PROFILE, 10)), {
    'holdfast/stores · read (reader)': 20,
    '@redis/client · anonymous (socket)': 30,
    'native code and system calls · writeUtf8String': 40,
    'node: HTTP · end (node:_http_outgoing)': 50,
  });
});

test('groups are the sums of their functions', () => {
  assert.equal(byGroup(selfTimes(PROFILE, 1)).get('holdfast/stores'), 200);
});
