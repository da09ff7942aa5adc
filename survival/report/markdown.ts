/** The report as Markdown: the matrix, then every loss and refusal in words. */
import { inWords } from '../run/outcome.ts';
import { type Report, resultOf } from '../run/report.ts';
import { markOf } from './marks.ts';

/** The matrix and what is behind it. Systems go by letters, or the table would not fit on a page. */
export function toMarkdown(report: Report): string {
  return [...legend(report), '', ...matrix(report), '', ...stories(report)].join('\n');
}

function letter(index: number): string {
  return String.fromCharCode(65 + index);
}

function legend(report: Report): string[] {
  const { machine } = report;
  return [
    `Run on ${report.ranAt.slice(0, 10)} with ${machine.cpus} CPUs, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}` +
      `${report.quick ? '; a quick run with reduced rounds' : ''}.`,
    '',
    '| | system | version | setting |',
    '|---|---|---|---|',
    ...report.systems.map(
      ({ title, version, setting }, index) => `| **${letter(index)}** | ${title} | ${version} | ${setting} |`,
    ),
    '',
    '✔ survived · ✖ lost (how many) · ◆ refused safely · – not applicable · ! the drill itself failed',
  ];
}

function matrix(report: Report): string[] {
  const { systems, drills } = report;
  return [
    `| drill | ${systems.map((_, index) => letter(index)).join(' | ')} |`,
    `|---|${systems.map(() => '---').join('|')}|`,
    ...drills.map((drill) => {
      const cells = systems.map((system) => {
        const outcome = resultOf(report, system.id, drill.id)?.outcome;
        const { sign } = markOf(outcome);
        return outcome?.result === 'lost' ? `${sign} ${outcome.lost}/${outcome.of}` : sign;
      });
      return `| ${drill.title} | ${cells.join(' | ')} |`;
    }),
  ];
}

function stories(report: Report): string[] {
  const lines: string[] = [];
  report.systems.forEach((system, index) => {
    const told = report.results.filter(({ system: id, outcome }) => id === system.id && outcome.result !== 'survived');
    if (told.length === 0) return;
    lines.push(`**${letter(index)}, ${system.title}**`, '');
    for (const { drill, outcome } of told) {
      const title = report.drills.find(({ id }) => id === drill)?.title ?? drill;
      const { sign } = markOf(outcome);
      lines.push(`- ${sign} ${title}: ${inWords(outcome).split('\n')[0]}`);
    }
    lines.push('');
  });
  return lines;
}
