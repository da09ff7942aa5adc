/** The page's one h1; it titles the document and takes the focus, so that a change of page is noticed without eyes. */
import { type ReactElement, useEffect, useRef } from 'react';

export interface PageHeadingProps {
  readonly children: string;
  /** False where the page puts the focus elsewhere. Default true. */
  readonly takesFocus?: boolean;
}

/** The first heading of a page load leaves the focus to the browser, whose skip link comes first. */
let loading = true;

export function PageHeading({ children, takesFocus = true }: PageHeadingProps): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · Holdfast`;
    if (takesFocus && !loading) heading.current?.focus();
    loading = false;
  }, [children, takesFocus]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
