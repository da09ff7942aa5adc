/** A sentence above a form or a list: an error that is announced at once, or news that waits for its turn. */
import type { ReactElement, ReactNode } from 'react';

export interface NoticeProps {
  readonly id?: string;
  readonly tone: 'error' | 'news';
  readonly children: ReactNode;
}

export function Notice({ id, tone, children }: NoticeProps): ReactElement {
  return (
    <div id={id} className={`notice notice-${tone}`} role={tone === 'error' ? 'alert' : 'status'}>
      <svg className="notice-icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
        <circle cx="10" cy="10" r="8.25" />
        {tone === 'error' ? <path d="M10 5.75v5M10 14v.25" /> : <path d="M10 9.25v5M10 5.9v.2" />}
      </svg>
      <div>{children}</div>
    </div>
  );
}
