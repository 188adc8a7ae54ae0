/** Findings: each with its proof and its remedy, causes before what follows from them. Pure. */
import { commandLine } from '../../model/command-line.ts';
import { byLead } from '../../model/lead.ts';
import type { Finding } from '../../model/report.ts';
import { html, type Markup, type Part } from './markup.ts';
import { badge } from './page.ts';

/** All of them: a page that leaves one out says that it is not there. */
export function findingsSection(findings: readonly Finding[]): Part {
  if (findings.length === 0) return undefined;
  return html`<section aria-labelledby="findings"><h2 id="findings">Findings</h2>
${inOrder(findings).map(findingBlock)}
</section>`;
}

/** The gravest causes first, each followed by what it explains. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const told = new Set<Finding>();
  const tell = (finding: Finding): void => {
    if (told.has(finding)) return;
    told.add(finding);
    for (const one of findings) if (one !== finding && causeOf(one, findings) === finding) tell(one);
  };
  const grave = [...findings].sort(byLead);
  for (const one of grave) if (causeOf(one, findings) === undefined) tell(one);
  // What explains each other in a circle.
  for (const one of grave) tell(one);
  return [...told];
}

/** Of several findings with the ID that explains this one, that about the same destination, else the first. */
function causeOf({ causedBy, subject }: Finding, all: readonly Finding[]): Finding | undefined {
  const causes = causedBy === undefined ? [] : all.filter(({ id }) => id === causedBy);
  return causes.find((one) => one.subject === subject) ?? causes[0];
}

export function findingBlock(finding: Finding): Markup {
  const { id, severity, title, summary, evidence, causedBy, subject } = finding;
  return html`<article class="finding ${severity}${causedBy === undefined ? '' : ' follows'}">
<h3>${badge(severity)} ${id}: ${title}</h3>
<p>${summary}${subject === undefined || summary.includes(subject) ? undefined : ` (${subject})`}${causedBy === undefined ? undefined : html` <span>It follows from ${causedBy}.</span>`}</p>
${evidence.map(
  ({ command, excerpt }) => html`<pre>$ ${commandLine(command)}
${excerpt}</pre>`,
)}
${remedy(finding)}
</article>`;
}

function remedy({ remediation }: Finding): Part {
  const [words = '', ...commands] = remediation.split('\n');
  return [
    html`<p><strong>Remedy:</strong> ${words}</p>`,
    commands
      .filter((command) => command.trim() !== '')
      .map((command) => html`<div class="command"><pre>${command.trim()}</pre></div>`),
  ];
}
