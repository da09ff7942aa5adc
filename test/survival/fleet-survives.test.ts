/** The service with two workers survives the drills in which processes could get in each other's way. */
import { FLEET, survives } from './ours-survives.ts';

survives('holdfast-service-2', FLEET);
