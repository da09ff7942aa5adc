/** Whether accounts can be read and written right now. */
import type { AccountsDatabase } from './tables.ts';

/** One sentence for an operator, which tells nothing of how the database is reached. */
export interface AccountsHealth {
  readonly healthy: boolean;
  readonly message: string;
}

const PROBE = { key: 'health-probe', count: 0, resets_at: 0 };

/** Tries a write that leaves nothing but one row of its own, which counts for nobody. Never throws. */
export async function accountsHealth(database: AccountsDatabase): Promise<AccountsHealth> {
  try {
    await database
      .insertInto('attempts')
      .values(PROBE)
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ resets_at: 0 }))
      .execute();
    return { healthy: true, message: 'the accounts can be read and written' };
  } catch {
    return { healthy: false, message: 'the accounts cannot be written; the log says why' };
  }
}
