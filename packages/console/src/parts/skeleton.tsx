/** Grey shapes in place of what is still loading; they show only when the wait is long enough to be noticed. */
import type { ReactElement, ReactNode } from 'react';

export function Skeleton({ children }: { children: ReactNode }): ReactElement {
  return (
    <div className="skeleton" aria-hidden="true">
      {children}
    </div>
  );
}

export function Bone({ shape }: { shape: 'title' | 'text' | 'field' | 'card' | 'row' }): ReactElement {
  return <div className={`bone bone-${shape}`} />;
}
