/** The mark: a holdfast, the root by which kelp keeps its place in a storm. */
import type { ReactElement } from 'react';

export function Mark(): ReactElement {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="mark-ground" width="32" height="32" rx="8" />
      <g className="mark-lines">
        <path d="M16 6v20" />
        <path d="M16 13.5c0 6-6.5 4.5-6.5 12" />
        <path d="M16 13.5c0 6 6.5 4.5 6.5 12" />
      </g>
    </svg>
  );
}

export function Brand(): ReactElement {
  return (
    <span className="brand">
      <Mark />
      <span className="brand-name">Holdfast</span>
    </span>
  );
}
