/** The style sheet of the report's page: light and dark, readable without colours. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#ffffff, #15181c);
  --raised: light-dark(#f4f6f8, #1d2126);
  --ink: light-dark(#1b1f24, #e6e9ec);
  --quiet: light-dark(#57606a, #a3adb8);
  --line: light-dark(#d5dbe1, #343a41);
  --good: light-dark(#12663a, #6fd49b);
  --good-back: light-dark(#e3f5ea, #163424);
  --bad: light-dark(#a3182a, #ff9aa5);
  --bad-back: light-dark(#fde8ea, #43191f);
  --safe: light-dark(#1f4f99, #9cc1ff);
  --safe-back: light-dark(#e6effc, #1a2d4a);
}
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem clamp(1rem, 3vw, 3rem); background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
header, section { max-width: 72rem; }
h1 { margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 3rem 0 0; font-size: 1.35rem; }
h3 { margin: 2rem 0 .5rem; font-size: 1.05rem; }
.facts, small { color: var(--quiet); font-size: .875rem; }
small { display: block; font-weight: 400; line-height: 1.35; margin-top: .2rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: 0; list-style: none; }
.scroll { overflow: auto; max-height: 92vh; border: 1px solid var(--line); border-radius: .5rem; }
table { border-collapse: separate; border-spacing: 0; font-size: .9rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .55rem .7rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; z-index: 2; min-width: 9.5rem; max-width: 12rem; background: var(--raised); }
tbody th { position: sticky; left: 0; z-index: 1; min-width: 19rem; max-width: 24rem; background: var(--paper);
  border-right: 1px solid var(--line); }
thead th:first-child { left: 0; z-index: 3; border-right: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
.mark { display: inline-block; width: 1.5em; height: 1.5em; border-radius: .35em; text-align: center; line-height: 1.5; font-weight: 700; }
.mark.survived { color: var(--good); background: var(--good-back); }
.mark.lost, .mark.failed { color: var(--bad); background: var(--bad-back); }
.mark.refused-safely { color: var(--safe); background: var(--safe-back); }
.mark.not-applicable { color: var(--quiet); background: var(--raised); }
td a { display: flex; gap: .45rem; align-items: baseline; color: inherit; text-decoration: none; }
td a:hover span:last-child { text-decoration: underline; }
td a.lost span:last-child, td a.failed span:last-child { color: var(--bad); font-weight: 600; }
td a.not-applicable, .none { color: var(--quiet); }
:focus-visible { outline: 3px solid var(--safe); outline-offset: 2px; border-radius: .2rem; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; scroll-margin-top: 1rem; }
summary { cursor: pointer; padding: .2rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; border-radius: .35rem; background: var(--raised); font-size: .8rem; line-height: 1.45; }
@media (max-width: 46rem) {
  tbody th { min-width: 11rem; max-width: 12rem; }
  tbody th small { display: none; }
}
`;
