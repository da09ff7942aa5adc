/** The report as one page without anything from elsewhere: the matrix to look at, and the evidence behind every cell. */
import { inWords } from '../run/outcome.ts';
import { type Report, resultOf } from '../run/report.ts';
import type { Result } from '../run/run-drill.ts';
import { markOf } from './marks.ts';
import { STYLE } from './style.ts';

export function toHtml(report: Report): string {
  const { machine } = report;
  const facts = `${report.ranAt.slice(0, 16).replace('T', ' ')} UTC · ${machine.cpus} CPUs · ${machine.system} · Node ${machine.node}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Survival drills</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Who is still signed in?</h1>
<p>Every drill does something to a system that happens to systems, and then looks who is still signed in. Each cell leads
to what was asked and answered.</p>
<p class="facts">${text(facts)}${report.quick ? ' · quick run with reduced rounds' : ''}</p>
<ul class="legend">
<li><span class="mark survived">✔</span> survived</li>
<li><span class="mark lost">✖</span> lost</li>
<li><span class="mark refused-safely">◆</span> refused safely</li>
<li><span class="mark not-applicable">–</span> not applicable</li>
</ul>
</header>
<main>
<div class="scroll">
${matrix(report)}
</div>
<h2>Evidence</h2>
${report.systems.map((system) => evidenceOf(report, system.id)).join('\n')}
</main>
<script>
const open = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) { target.open = true; target.scrollIntoView(); }
};
addEventListener('hashchange', open);
open();
</script>
</body>
</html>
`;
}

function matrix(report: Report): string {
  const head = report.systems
    .map(
      ({ title, version, setting, ours }) =>
        `<th scope="col"${ours ? ' class="ours"' : ''}>${text(title)}<small>${text(version)}</small><small>${text(setting)}</small></th>`,
    )
    .join('');
  const rows = report.drills.map((drill) => {
    const cells = report.systems.map(({ id, ours }) => cell(resultOf(report, id, drill.id), ours)).join('');
    return `<tr><th scope="row">${text(drill.title)}<small>${text(drill.does)}</small></th>${cells}</tr>`;
  });
  return `<table><caption>Results by drill and system</caption><thead><tr><th scope="col">Drill</th>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

function cell(result: Result | undefined, ours: boolean): string {
  const classes = ours ? 'ours' : '';
  if (result === undefined) return `<td class="${classes}"><span class="none">not run</span></td>`;
  const { sign, word } = markOf(result.outcome);
  const { result: kind } = result.outcome;
  const mark = `<span class="mark ${kind}" aria-hidden="true">${sign}</span>`;
  return `<td class="${classes}"><a class="${kind}" href="#${anchor(result)}" title="${text(inWords(result.outcome))}">${mark}<span>${text(word)}</span></a></td>`;
}

function evidenceOf(report: Report, system: string): string {
  const title = report.systems.find(({ id }) => id === system)?.title ?? system;
  const results = report.results.filter((result) => result.system === system);
  const items = results.map((result) => {
    const { outcome, evidence } = result;
    const drill = report.drills.find(({ id }) => id === result.drill)?.title ?? result.drill;
    const { sign, word } = markOf(outcome);
    const statuses = Object.entries(evidence.statuses).map(([status, count]) => `${count} × ${status}`);
    const counts = [
      `${evidence.requests} requests`,
      ...statuses,
      ...(evidence.unanswered > 0 ? [`${evidence.unanswered} without an answer`] : []),
      `slowest ${evidence.slowestMs} ms`,
      `the drill took ${(result.tookMs / 1000).toFixed(1)} s`,
    ];
    return `<details id="${anchor(result)}">
<summary><span class="mark ${outcome.result}" aria-hidden="true">${sign}</span> ${text(drill)}: ${text(word)}</summary>
<p>${text(inWords(outcome))}</p>
<p class="facts">${text(counts.join(' · '))}</p>
${list(evidence.notes)}
${evidence.samples.length === 0 ? '' : `<pre>${text(evidence.samples.join('\n'))}</pre>`}
</details>`;
  });
  return `<section><h3>${text(title)}</h3>${items.join('\n')}</section>`;
}

function list(notes: readonly string[]): string {
  return notes.length === 0 ? '' : `<ul>${notes.map((note) => `<li>${text(note)}</li>`).join('')}</ul>`;
}

function anchor({ system, drill }: Pick<Result, 'system' | 'drill'>): string {
  return `${system}--${drill}`;
}

function text(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
