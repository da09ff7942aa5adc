/** The real service behind the edge in workerd. */
import { carriesSessions } from '../node/harness/carries-sessions.ts';
import { workerd } from '../node/harness/fronts.ts';

carriesSessions(workerd);
