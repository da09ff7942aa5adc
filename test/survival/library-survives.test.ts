/** The library in a small application with two processes survives every drill. */
import { ALL, survives } from './ours-survives.ts';

survives('holdfast-library-2', ALL);
