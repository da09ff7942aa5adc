/** What the checks need to know of a Markdown page: its links, its headings' anchors, its code. */

/** A fenced block of code. */
export interface Fence {
  readonly language: string;
  readonly code: string;
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
}

/** Fenced blocks in order of appearance. */
export function fences(page: string): Fence[] {
  const found: Fence[] = [];
  for (const match of page.matchAll(/^( *)```(\w*)[^\n]*\n([\s\S]*?)^\1```/gm)) {
    const line = page.slice(0, match.index).split('\n').length;
    found.push({ language: match[2] as string, code: match[3] as string, line });
  }
  return found;
}

/** The page with the text of its fenced blocks blanked, line by line, so that line numbers stay true. */
export function withoutFences(page: string): string {
  return page.replaceAll(/^( *)```[\s\S]*?^\1```/gm, (block) => block.replaceAll(/[^\n]/g, ' '));
}

/** A link to somewhere in this repository. */
export interface Link {
  /** Empty for a link within the page. */
  readonly path: string;
  /** Without the `#`; null when there is none. */
  readonly anchor: string | null;
  readonly line: number;
}

/** Links and images whose target is no address on the network. */
export function links(page: string): Link[] {
  const found: Link[] = [];
  const prose = withoutFences(page).replaceAll(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
  for (const match of prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^ {0,3}\[[^\]]+\]:\s*(\S+)/gm)) {
    const target = (match[1] ?? match[2]) as string;
    if (/^[a-z][a-z+.-]*:/i.test(target)) continue;
    const [path = '', anchor] = target.split('#');
    found.push({ path, anchor: anchor ?? null, line: prose.slice(0, match.index).split('\n').length });
  }
  return found;
}

/** The anchors that the page's headings get: lower case, punctuation gone, spaces to hyphens, repeats numbered. */
export function anchors(page: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading] of withoutFences(page).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const text = (heading as string).replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    let name = slug;
    for (let count = 1; found.has(name); count++) name = `${slug}-${count}`;
    found.add(name);
  }
  return found;
}
