/** One fault of the suite in test/faults, and what the built binary named first. */
export interface FaultRow {
  /** The test file's name without its ending: `arp`. */
  readonly suite: string;
  /** The test's full name. */
  readonly fault: string;
  /** The finding's ID. */
  readonly id: string;
  readonly severity: string;
  readonly summary: string;
}

/**
 * Findings that the suite does not provoke: which test proves each, and how. Whoever provokes one takes it out of here.
 */
export const PROVEN_ELSEWHERE: readonly {
  readonly ids: readonly string[];
  /** Test file, from the root of the repository. */
  readonly test: string;
  readonly how: string;
}[] = [
  {
    ids: ['NT-DKR-001', 'NT-DKR-002', 'NT-DKR-003', 'NT-DKR-004', 'NT-DKR-005', 'NT-DKR-006'],
    test: 'test/e2e/docker.test.ts',
    how: 'on a real Docker engine',
  },
  {
    ids: [
      ...['NT-DKR-007', 'NT-DKR-008', 'NT-DKR-009', 'NT-DKR-010', 'NT-DKR-011', 'NT-DKR-012'],
      ...['NT-DKR-013', 'NT-DKR-014', 'NT-DKR-015', 'NT-DKR-016', 'NT-DKR-017', 'NT-DKR-018'],
      ...['NT-DKR-019', 'NT-DKR-020', 'NT-DKR-032', 'NT-DKR-034', 'NT-DKR-035', 'NT-DKR-038'],
    ],
    test: 'test/e2e/docker-host.test.ts',
    how: 'on a real Docker engine, with a machine outside of it',
  },
  {
    ids: ['NT-DKR-021', 'NT-DKR-022'],
    test: 'test/e2e/docker-answers.test.ts',
    how: 'on a real Docker engine, with a machine outside of it',
  },
  {
    ids: ['NT-DKR-023', 'NT-DKR-024', 'NT-DKR-025', 'NT-DKR-026', 'NT-DKR-027', 'NT-DKR-030', 'NT-DKR-031'],
    test: 'test/e2e/docker-beside.test.ts',
    how: 'on a real Docker engine',
  },
  {
    ids: ['NT-DKR-036', 'NT-DKR-037'],
    test: 'test/e2e/docker-bridge.test.ts',
    how: 'on a real Docker engine, with a machine outside of it',
  },
  {
    ids: ['NT-DKR-028'],
    test: 'test/e2e/docker-unpublished.test.ts',
    how: 'on the host of a real Docker engine',
  },
  {
    ids: ['NT-DKR-033'],
    test: 'test/e2e/docker-overlay.test.ts',
    how: 'on two real Docker engines in a swarm, with a router between them',
  },
  {
    ids: ['NT-DKR-029'],
    test: 'test/e2e/podman.test.ts',
    how: "on podman's host, with a machine outside of it",
  },
  {
    ids: ['NT-FW-013'],
    test: 'test/e2e/local.test.ts',
    how: 'in network namespaces of one machine',
  },
  {
    ids: ['NT-IF-003'],
    test: 'test/unit/checks/interfaces/rules/host.test.ts',
    how: "by its rule alone: only a cloud's network card has these counters",
  },
  {
    ids: ['NT-DROP-008', 'NT-DROP-014', 'NT-DROP-019'],
    test: 'test/unit/checks/drops/judge.test.ts',
    how: "by their rules alone: a full input queue is all of the machine's, the cluster's kernel has no action for tc, and what no rule explains cannot be made on purpose",
  },
];

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

${sections.join('\n')}
## proven elsewhere

| finding | by | how |
|---|---|---|
${PROVEN_ELSEWHERE.map(({ ids: own, test, how }) => `| ${own.join(', ')} | [${test}](../${test}) | ${cell(how)} |`).join('\n')}
`;
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

const ROW = /^\| ((?:\\.|[^|\\])*) \| (NT-[A-Z]+-\d+) (critical|warning|info) \| ((?:\\.|[^|\\])*) \|$/;

/** The rows of a page, so that a part of the suite can be run again. */
export function rowsOfPage(page: string): FaultRow[] {
  let suite = '';
  return page.split('\n').flatMap((line) => {
    suite = /^## (.*)$/.exec(line)?.[1] ?? suite;
    const [, fault, id, severity, summary] = ROW.exec(line) ?? [];
    if (fault === undefined || id === undefined || severity === undefined || summary === undefined) return [];
    return [{ suite, fault: plain(fault), id, severity, summary: plain(summary) }];
  });
}

function plain(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}
