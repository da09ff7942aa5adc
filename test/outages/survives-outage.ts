/** Runs outage drills shortened: they are those of `npm run survival -- --outages`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutageDrill } from '../../survival/outages/drill.ts';
import { OUTAGE_DRILLS } from '../../survival/outages/drills/index.ts';
import { type OutageResult, runOutage } from '../../survival/outages/run-outage.ts';

/** Few enough for two cores that are busy with other tests. */
const CROWD = { people: 24, rate: 100 } as const;

/** One test for each of these drills. */
export function survivesOutages(ids: readonly string[]): void {
  for (const id of ids) {
    const drill = OUTAGE_DRILLS.find((each) => each.id === id);
    assert.ok(drill, `there is no outage drill ${id}`);
    test(`${drill.title}: everybody is served again, and nothing is lost that may not be`, async () => {
      const result = await runShortened(drill);
      assert.deepEqual(result.problems, [], evidenceOf(result));
      assert.ok(result.sessionsEnded > 0, 'nobody signed out, so that nothing could come back');
    });
  }
}

export function runShortened(drill: OutageDrill, rate: number = CROWD.rate): Promise<OutageResult> {
  return runOutage(drill, { short: true, ...CROWD, rate });
}

function evidenceOf({ problems, incidents, seed, processes }: OutageResult): string {
  const failures = processes.flatMap((each) => each.failures);
  return [...problems, ...incidents.map((each) => JSON.stringify(each)), ...failures, `seed ${seed}`].join('\n');
}
