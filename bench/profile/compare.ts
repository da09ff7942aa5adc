/** Two profiles side by side: where one system spends more than what it is compared with. */
import type { Profile, ProfileRow } from '../results.ts';
import { systemOf } from '../systems.ts';
import { byGroup } from './self-times.ts';
import { type ProfileOptions, takeProfile } from './take-profile.ts';

/** Rows that are shown of the functions, and the least that a group must differ by, in microseconds. */
const FUNCTIONS = 14;
const LEAST = 0.05;

export async function compareProfiles(
  { ours, floor }: { readonly ours: string; readonly floor: string },
  options: ProfileOptions,
): Promise<Profile> {
  const [mine, its] = [await takeProfile(systemOf(ours), options), await takeProfile(systemOf(floor), options)];
  const groups = sideBySide(byGroup(mine), byGroup(its));
  return {
    ours,
    floor,
    groups: groups.filter((row) => Math.max(row.ours, row.floor) >= LEAST).sort((a, b) => b.ours - a.ours),
    functions: sideBySide(mine, its)
      .sort((a, b) => b.ours - b.floor - (a.ours - a.floor))
      .slice(0, FUNCTIONS),
  };
}

function sideBySide(mine: ReadonlyMap<string, number>, its: ReadonlyMap<string, number>): ProfileRow[] {
  const round = (value = 0): number => Math.round(value * 100) / 100;
  return [...new Set([...mine.keys(), ...its.keys()])].map((where) => ({
    where,
    ours: round(mine.get(where)),
    floor: round(its.get(where)),
  }));
}
