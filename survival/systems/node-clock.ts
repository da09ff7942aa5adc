/** How the clock of a Node program is moved: a module loaded before it shifts its Date. */
import { fileURLToPath } from 'node:url';
import type { Recipe } from './recipe.ts';

const PRELOAD = fileURLToPath(new URL('../process/movable-clock.mjs', import.meta.url));

export const nodeClock: Pick<Recipe, 'clock' | 'clockText'> = {
  clock: (file) => ({
    environment: { NODE_OPTIONS: `--import=${PRELOAD}`, SURVIVAL_CLOCK: file },
    how: 'a module loaded before the program shifts its Date',
  }),
  clockText: (offsetSeconds) => String(offsetSeconds),
};
