import { CHECKS } from '../../src/checks/registry.ts';
import { SKIPPED } from '../../src/checks/shared/skipped.ts';
import { adviceText } from '../../src/model/advice.ts';
import type { FindingMeta } from '../../src/model/finding.ts';
import { proofsSection } from './probes.ts';

/** docs/findings.md: every finding, from its own metadata. */
export function findingsPage(): string {
  const sections = Object.values(CHECKS).map(
    ({ id, findings }) => `## ${id}\n\n${findings.map(entry).join('\n')}`,
  );
  return `# Findings

<!-- Made by "npm run generate" from src/checks: do not edit. -->

\`kubectl nettools explain ID\` prints the same. An ID is stable: it is never used again for another cause.
[To repeat a proof](#to-repeat-a-proof) says what the commands are that a finding quotes.

${sections.join('\n')}
## every check

${entry(SKIPPED)}
${proofsSection()}`;
}

function entry(meta: FindingMeta): string {
  return `### ${meta.id}: ${meta.title}

${meta.severities.join(' or ')}

${meta.meaning}

- **Raised when:** ${meta.rule}
- **Source of the limit:** ${meta.source}
- **What to do:** ${adviceText(meta.remedy)}
`;
}
