/** The arithmetic behind the tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, ratio, spread } from '../report/statistics.ts';

test('the median of an even number of values is the mean of the two in the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([9, 1, 5]), 5);
});

test('the spread is half of the range as a share of the median', () => {
  assert.equal(spread([90, 100, 110]), 0.1);
});

test('a ratio is made round by round, so that a drift of the whole machine does not show in it', () => {
  assert.equal(ratio([50, 25, 5], [100, 50, 10]), 0.5);
});
