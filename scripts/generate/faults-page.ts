/** One fault of the suite in test/faults, and what the built binary named first. */
export interface FaultRow {
  /** The test file's name without its ending: `arp`. */
  readonly suite: string;
  /** The test's full name. */
  readonly fault: string;
  /** The checks that ran: `firewall`. */
  readonly check: string;
  /** The finding's ID. */
  readonly id: string;
  readonly severity: string;
  readonly summary: string;
}

/** The rows that a run has left, one line of JSON each; of a test that ran twice the last counts. */
export function parseRows(text: string): FaultRow[] {
  const rows = new Map<string, FaultRow>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const row = JSON.parse(line) as FaultRow;
    rows.set(JSON.stringify([row.suite, row.fault, row.id]), row);
  }
  return [...rows.values()];
}

/** docs/faults.md: what was broken for real, and what was said of it. */
export function faultsPage(rows: readonly FaultRow[]): string {
  const suites = [...new Set(rows.map(({ suite }) => suite))].sort();
  const ids = new Set(rows.map(({ id }) => id));
  const sections = suites.map((suite) =>
    section(
      suite,
      rows.filter((row) => row.suite === suite),
    ),
  );
  return `# Faults

<!-- Made by "npm run faults" from a run of test/faults: do not edit. -->

Every finding is proven by breaking something: a fault is made in the network namespaces of pods and nodes of a real
cluster, the built binary has to name it first, and without the fault it has to be silent. This is what it said of
${rows.length} faults (${ids.size} findings) in the run that this page was made from.

${sections.join('\n')}`;
}

function section(suite: string, rows: readonly FaultRow[]): string {
  const lines = rows.map(
    ({ fault, id, severity, summary }) => `| ${cell(nameOf(fault))} | ${id} ${severity} | ${cell(summary)} |`,
  );
  return `## ${suite}\n\n| fault | finding | seen |\n|---|---|---|\n${lines.join('\n')}\n`;
}

/** The ID stands in a column of its own. */
function nameOf(fault: string): string {
  return fault.replace(/^NT-[A-Z]+-\d+( > |: )/, '').replaceAll(' > ', ': ');
}

function cell(text: string): string {
  return text.replaceAll(/[\\`*_<>|[\]]/g, '\\$&').replaceAll(/\s+/g, ' ');
}

/** The IDs in a page, for each how many faults were given it. */
export function idsInPage(page: string): Map<string, number> {
  const ids = new Map<string, number>();
  for (const [, id = ''] of page.matchAll(/^\|.* \| (NT-[A-Z]+-\d+) (?:critical|warning|info) \|/gm))
    ids.set(id, (ids.get(id) ?? 0) + 1);
  return ids;
}
