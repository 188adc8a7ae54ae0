import { BURST_LIMIT } from '../../src/checks/shared/burst.ts';
import { HARMLESS, HARMLESS_FUNCTIONS } from '../../src/checks/shared/drops/harmless.ts';
import type { DropKind } from '../../src/checks/shared/drops/kind.ts';
import { DROP_KINDS } from '../../src/checks/shared/drops/kinds/index.ts';
import { other } from '../../src/checks/shared/drops/kinds/other.ts';
import { adviceText } from '../../src/model/advice.ts';
import { KERNELS } from '../../test/kernels/kernels.ts';

/** docs/drops.md: what the kernel's reasons for drops mean, from the catalogue that the findings are made of. */
export function dropsPage(): string {
  return `# Drops

<!-- Made by "npm run generate" from src/checks/shared/drops: do not edit. -->

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
  them for this, for \`--deep\` and for \`diagnose\` of a node alone, with the default seccomp profile; it is not privileged and mounts nothing. What is missing is said in
  one sentence, and nothing is judged then. \`drops local\` needs root and \`nettools-drops\`, which is in the image (\`/usr/bin\`) and
  takes libbpf, as \`ip\` does.
- **What leaves the kernel**: addresses, protocols, ports and counts. A client's port (32768 and above) is not kept.
- **What it costs**: about 1 % of a processor at 50,000 drops a second, however many flows they are of ([measured](performance.md#listening-to-the-kernels-drops)),
  20 MiB on the node and 1.5 MiB in its kernel. The program is done with a packet of another namespace after one look-up. Nothing stays in
  the kernel when the command ends, however it ends.
- **Where it ends**: 2,048 flows are told apart, and not more than 2,000 of them told; of all others the packets are counted by reason,
  function and namespace, and the report says at least how many flows they are. 4,096 of those places, 32,768 namespaces and 2,048 addresses of
  \`--to\` have room: what has none is said, and the report is no pass then.
- **What is watched**: of a node and this machine all namespaces; of a pod its own, and with \`--to\` what its node's network drops of its
  flows: what other nodes and other pods drop is for \`diagnose --deep\`, and the report says so. Of a pod in its node's network it is all
  that is dropped there, whoever's; flows of other pods are never a warning for it.
- **What it does not see**: what a network card or an XDP program in its driver drops (\`ethtool -S\`, the interfaces check), what never
  arrives, and SYNs that a full accept queue ignores (the kernel counts them and calls the packet consumed: the sockets check).
- **One packet, several lines**: retransmissions are packets of their own, and a copy that is dropped is a drop.
- **Tested** in virtual machines (\`npm run test:kernels\`), with Debian's kernels ${kernels(false)}, where it names what is dropped; and
  ${kernels(true)}, where it says in one sentence why it cannot.
- The names of reasons are those of the running kernel. One that this page does not have is reported as it is (${other.meta.id}).

## The rule of netfilter

The kernel says that netfilter dropped a packet, and not by which rule. So the rules of iptables (both kinds) and nftables are read before
and after, in the target's namespace and, of a pod's flow, in its node's. A rule is named if it fits what is known of the flow, and counted as
many packets meanwhile; or counts nothing, stands in a chain that netfilter itself calls, and nothing before it accepts the packet. Where two
rules fit, or the only one asks for something that the watch does not know (a mark, a set, a TTL), the report says that it is not known, and
why. Rules of pods are not read where their node is the TARGET.

## Beside the probes

With \`--deep\` the kernels of both nodes are listened to while the probes run, and what they drop of the probes' flows stands beside the place
that loses them: reason, function, and rule. A flow is the probe's by its addresses, protocol and the destination's port, in whatever namespace
of these nodes; what others lose is never taken for its own, however much it is. Datagrams, which are not followed on their way, get the place
from this alone (\`NT-DROP-…\`).

\`\`\`console
$ kubectl nettools diagnose POD --to pod/db:5432 --deep
\`\`\`

- The pod that \`--deep\` makes on each node has BPF and PERFMON for it, and no sight of the node's processes: all networks of its kernel are
  listened to, for these flows alone. Where one with these rights is refused, it is made without them; there, and where the kernel does not take the program, the run goes on and says "not measured: reasons of drops".
- The program is loaded before the probes, and told to end after them: nothing waits for it but its own start (a few tenths of a second,
  beside that of the captures).
- \`diagnose node/NAME\` listens to the node's own network in the same way, in the pod that it makes anyway. There the drops are whoever's: what no
  sane network has is a warning where it is ${BURST_LIMIT}, else an info (always where pods that come and go have it: a neighbour or
  route that is gone, an interface that is not ready), and all else is an info.

## What is made for real

Each of these is made in the namespaces of pods and nodes of the test cluster (\`test/faults/drops.test.ts\`), and has to be named with reason,
place and flow; [docs/faults.md](faults.md) has what was said.

| cause | IPv4 | IPv6 |
|---|---|---|
| nft | forward, output, postrouting, ingress | prerouting, input |
| iptables, of both kinds | PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING | INPUT |
| a program | XDP, tc at ingress and egress | the same |
| reverse path filtering | yes | the kernel has none |
| a neighbour that does not answer; a route that says unreachable or blackhole; a TTL that ends; too big; a full queue; a closed port | yes | yes |
| a full receive buffer of UDP; a full accept queue; a wrong checksum | yes | yes |
| fragments that never come; an unknown VXLAN; segments of no connection; a sender that cannot be | yes | |
| IPv6 that is switched off | | yes |

\`deep-drops.test.ts\` has the causes that stop a probe, datagrams that end at two places, and a node that floods its own network meanwhile;
\`drops-rule.test.ts\` the rule of netfilter; \`test/e2e/drops-live.test.ts\` the table on a terminal, two watches of one node, and that nothing
stays in the kernel when a watch, or who asked for it, is killed.

## What may matter

A finding is \`info\` where a drop may be meant. With \`--to\` it is a warning: who asks for a flow wants to know what becomes of it.

${DROP_KINDS.map(entry).join('\n')}
## What is harmless

These are counted apart and raise nothing.

| reason | why |
|---|---|
${Object.entries(HARMLESS)
  .map(([reason, why]) => `| \`${reason}\` | ${why} |`)
  .join('\n')}
${Object.entries(HARMLESS_FUNCTIONS)
  .flatMap(([reason, names]) =>
    Object.entries(names).map(([name, why]) => `| \`${reason}\` in \`${name}\` | ${why} |`),
  )
  .join('\n')}
`;
}

function kernels(areRefused: boolean): string {
  const names = KERNELS.filter(({ refusal }) => (refusal !== undefined) === areRefused).map(
    ({ name, architecture }) =>
      architecture === 'amd64' || name.includes(architecture) ? name : `${name} (${architecture})`,
  );
  return `${names.slice(0, -1).join('; ')}; and ${names.at(-1)}`;
}

function entry({ meta, reasons = [], functions, alsoIn = {} }: DropKind): string {
  const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');
  const where = functions === undefined ? '' : ` in ${code(functions)}`;
  const elsewhere = Object.entries(alsoIn).map(([reason, names]) => `, ${code([reason])} in ${code(names)}`);
  return `### ${meta.id}: ${meta.title}

${reasons.length === 0 ? '' : `${code(reasons)}${where}${elsewhere.join('')}\n\n`}${meta.meaning}

- **What to do:** ${adviceText(meta.remedy)}
- **Source:** ${meta.source}
`;
}
