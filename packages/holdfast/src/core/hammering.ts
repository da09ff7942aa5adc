/** Counts the successors that one generation hands out; many of them mean a broken client or a hasty thief. */
import type { EventSink } from './events.ts';

/** More than so many successors of one generation are reported, once. */
const MANY = 20;
/** Sessions watched at once; the oldest give way, so that memory stays bounded. */
const WATCHED = 10_000;

export interface HammeringWatch {
  issued(sessionId: string, generation: number, at: number): void;
}

export function watchHammering(emit: EventSink): HammeringWatch {
  const counts = new Map<string, { generation: number; successors: number }>();
  return {
    issued(sessionId, generation, at) {
      const count = counts.get(sessionId);
      if (count?.generation === generation) {
        count.successors++;
        if (count.successors === MANY + 1) {
          emit({ type: 'refresh-hammering', sessionId, successors: count.successors, at });
        }
        return;
      }
      counts.delete(sessionId);
      counts.set(sessionId, { generation, successors: 1 });
      if (counts.size > WATCHED) for (const oldest of counts.keys()) return void counts.delete(oldest);
    },
  };
}
