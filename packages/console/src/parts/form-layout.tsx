/** The frame of sign-in and sign-up: the form, and beside it, where there is room, a drawing of what the name means. */
import type { ReactElement, ReactNode } from 'react';
import { Brand } from './mark.tsx';
import { SkipLink } from './skip-link.tsx';

export function FormLayout({ children }: { children: ReactNode }): ReactElement {
  return (
    <div className="form-layout">
      <SkipLink />
      <div className="form-side">
        <header className="form-header">
          <Brand />
        </header>
        <main id="main" className="form-main" tabIndex={-1}>
          {children}
        </main>
      </div>
      <div className="drawing" aria-hidden="true">
        <svg viewBox="0 0 480 900" preserveAspectRatio="xMidYMax slice" aria-hidden="true" focusable="false">
          <g className="drawing-blades">
            <path d="M240 640c-70-120 40-220-20-340S250 90 190-40" />
            <path d="M240 640c-10-130 70-210 30-330s60-220 20-350" />
            <path d="M240 640c60-110 10-200 100-310s10-230 80-370" />
            <path d="M240 640c-120-90-50-210-140-310S130 100 60-40" />
            <path d="M240 640c110-70 90-180 180-260s60-170 120-240" />
            <path d="M240 640C110 590 120 480 20 420S0 250-60 200" />
          </g>
          <g className="drawing-roots">
            <path d="M240 640c-6 70-30 90-34 150s-30 70-36 130" />
            <path d="M240 640c6 70 30 90 34 150s30 70 36 130" />
            <path d="M240 640c-30 60-90 60-110 130s-60 80-80 150" />
            <path d="M240 640c30 60 90 60 110 130s60 80 80 150" />
            <path d="M240 640c0 90-4 170 0 280" />
            <path d="M240 640c-60 40-140 20-180 100S-10 850-40 900" />
            <path d="M240 640c60 40 140 20 180 100s70 110 100 160" />
          </g>
        </svg>
      </div>
    </div>
  );
}
