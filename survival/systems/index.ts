/** All systems that can be tried: ours first. */
import type { SystemKind } from '../adapter.ts';
import { holdfastLibrary } from './holdfast-library.ts';
import { holdfastService } from './holdfast-service.ts';
import { betterAuth, expressMemory, expressRedis, fastifySession } from './node-peers.ts';
import { django, flask } from './python-peers.ts';
import type { Recipe } from './recipe.ts';
import { createSystem } from './running-system.ts';

const RECIPES: readonly Recipe[] = [
  holdfastService(1),
  holdfastService(2),
  holdfastLibrary(1),
  holdfastLibrary(2),
  expressMemory,
  expressRedis,
  fastifySession,
  betterAuth,
  flask,
  django,
];

export const SYSTEMS: readonly SystemKind[] = RECIPES.map((recipe) => ({
  id: recipe.id,
  title: recipe.title,
  ours: recipe.ours,
  setting: recipe.setting,
  prepare: () => recipe.prepare(),
  version: () => recipe.version(),
  create: () => createSystem(recipe),
}));
