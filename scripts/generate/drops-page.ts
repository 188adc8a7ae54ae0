import type { DropRule } from '../../src/checks/drops/drop-rule.ts';
import { HARMLESS, HARMLESS_FUNCTIONS, HARMLESS_IN, NO_REASON } from '../../src/checks/drops/harmless.ts';
import { DROP_RULES } from '../../src/checks/drops/rules/index.ts';
import { other } from '../../src/checks/drops/rules/other.ts';
import { adviceText } from '../../src/model/advice.ts';

/** docs/drops.md: what the kernel's reasons for drops mean, from the catalogue that the findings are made of. */
export function dropsPage(): string {
  return `# Drops

<!-- Made by "npm run generate" from src/checks/drops: do not edit. -->

Linux knows why it drops a packet: since 5.17 its tracepoint \`skb:kfree_skb\` says so. \`kubectl nettools drops\` listens to it for
a while and tells for each drop the reason, the function of the kernel, the network namespace with the pod that it is, and
the flow with the names of pods, Services and nodes:

\`\`\`console
$ kubectl nettools drops node/NODE                    # all namespaces of a node
$ kubectl nettools drops POD --to svc/db:5432         # of a pod, and what its node drops of these flows
$ sudo kubectl-nettools drops local --for 1m          # this machine
\`\`\`

- On a terminal it shows the worst of what it sees, every second; Ctrl-C ends it early, with the report. Elsewhere it prints the report
  alone.
- **What it takes**: Linux 5.17 with BTF (\`/sys/kernel/btf/vmlinux\`), and the capabilities BPF and PERFMON. On a node a pod gets
  them for this command alone, with the default seccomp profile; it is not privileged and mounts nothing. What is missing is said in
  one sentence, and nothing is judged then. \`drops local\` needs root and \`nettools-drops\`, which is in the image (\`/usr/bin\`) and
  takes libbpf, as \`ip\` does.
- **What leaves the kernel**: addresses, protocols, ports and counts. A client's port (32768 and above) is not kept.
- **What it costs**: the program is done with a packet of another namespace after one look-up. Its tables have room for 16,384 flows;
  what is more is counted and not told apart. Nothing stays in the kernel when the command ends, however it ends.
- **What it does not see**: what a network card or an XDP program in its driver drops (\`ethtool -S\`, the interfaces check), what never
  arrives, and SYNs that a full accept queue ignores (the kernel counts them and calls the packet consumed: the sockets check).
- **One packet, several lines**: retransmissions are packets of their own, and a copy that is dropped is a drop.
- The names of reasons are those of the running kernel. One that this page does not have is reported as it is (${other.meta.id}).

## What may matter

A finding is \`info\` where a drop may be meant. With \`--to\` it is a warning: who asks for a flow wants to know what becomes of it.

${DROP_RULES.map(entry).join('\n')}
## What is harmless

These are counted apart and raise nothing.

| reason | why |
|---|---|
${Object.entries(HARMLESS)
  .map(([reason, why]) => `| \`${reason}\` | ${why} |`)
  .join('\n')}
${Object.entries(HARMLESS_FUNCTIONS)
  .map(([name, why]) => `| \`${NO_REASON}\` in \`${name}\` | ${why} |`)
  .join('\n')}
${Object.entries(HARMLESS_IN)
  .flatMap(([reason, names]) =>
    Object.entries(names).map(([name, why]) => `| \`${reason}\` in \`${name}\` | ${why} |`),
  )
  .join('\n')}
`;
}

function entry({ meta, reasons = [], functions, alsoIn = {} }: DropRule): string {
  const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');
  const where = functions === undefined ? '' : ` in ${code(functions)}`;
  const elsewhere = Object.entries(alsoIn).map(([reason, names]) => `, ${code([reason])} in ${code(names)}`);
  return `### ${meta.id}: ${meta.title}

${reasons.length === 0 ? '' : `${code(reasons)}${where}${elsewhere.join('')}\n\n`}${meta.meaning}

- **What to do:** ${adviceText(meta.remedy)}
- **Source:** ${meta.source}
`;
}
