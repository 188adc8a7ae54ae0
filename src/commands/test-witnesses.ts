/** Who reaches the listener that a denied source does not: another source of the run, or a node. */

import { KubeView } from '../cluster/view.ts';
import { reached } from '../expectations/measured.ts';
import { type Listener, listenerKey, type Witnesses } from '../expectations/question.ts';
import type { RunOptions } from '../model/args.ts';
import type { Report } from '../model/report.ts';
import { socketAddress } from '../model/socket-address.ts';
import type { TestArgs } from '../model/test-args.ts';
import { clientIn, type Finding } from '../open/endpoints.ts';
import type { ListedTarget } from '../open/many-targets.ts';

/** A listener, and the source that is denied it. */
export interface Needed {
  readonly listener: Listener;
  /** The node of the source; absent: it has none. */
  readonly node?: string;
}

/** Listeners that sources have reached; one whose own proxy answers for everybody has reached nothing. */
export function witnessesIn(reports: readonly Report[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const report of reports) {
    const isProxied = report.checks.some(({ findings }) => findings.some(({ id }) => id === 'NT-PROXY-001'));
    if (isProxied) continue;
    const { kind, name, namespace } = report.target;
    const who = `${kind}/${name}${namespace === undefined ? '' : ` in ${namespace}`}`;
    for (const one of reached(report))
      if (one.cause === 'open' && !found.has(listenerKey(one))) found.set(listenerKey(one), who);
  }
  return found;
}

/** Where each listener is asked for: on the node of its pod, which policies let in; else on that of the source. */
export async function witnessNodes(
  needed: readonly Needed[],
  finding: Finding,
): Promise<{ readonly nodes: ReadonlyMap<string, readonly Listener[]>; readonly none: readonly Listener[] }> {
  const client = await clientIn(finding, undefined);
  const view = new KubeView(client, finding.signal, [], finding.shared.reads);
  const nodes = new Map<string, Listener[]>();
  const none: Listener[] = [];
  const seen = new Set<string>();
  for (const { listener, node } of needed) {
    if (seen.has(listenerKey(listener))) continue;
    seen.add(listenerKey(listener));
    const pods = await view.podsAt(listener.address);
    const own = pods.value?.find(({ status }) => status?.phase === 'Running')?.spec?.nodeName ?? node;
    if (own === undefined) none.push(listener);
    else nodes.set(own, [...(nodes.get(own) ?? []), listener]);
  }
  return { nodes, none };
}

/** A run of the firewall check on each of the nodes. */
export function witnessTargets(nodes: ReadonlyMap<string, readonly Listener[]>): ListedTarget[] {
  return [...nodes].map(([name, listeners]) => ({
    spec: { kind: 'node', name },
    node: name,
    own: { to: listeners.map(destOf) },
  }));
}

function destOf({ protocol, address, port }: Listener): string {
  return `${socketAddress(address, port)}${protocol === 'udp' ? '/udp' : ''}`;
}

/** What the nodes saw. @param failed by the name of a node, why there is no report of it */
export function nodeAnswers(
  nodes: ReadonlyMap<string, readonly Listener[]>,
  reports: readonly Report[],
  failed: ReadonlyMap<string, string>,
): Witnesses {
  const answers = { reached: witnessesIn(reports), unreached: new Map<string, string>() };
  for (const [node, listeners] of nodes) {
    const report = reports.find(({ target }) => target.name === node);
    for (const listener of listeners) {
      const key = listenerKey(listener);
      const own = report && reached(report).find((one) => listenerKey(one) === key);
      const why =
        own === undefined
          ? (failed.get(node) ?? 'it was not measured')
          : `it does not reach it either: ${own.seen}`;
      if (!answers.reached.has(key)) answers.unreached.set(key, `node/${node}: ${why}`);
    }
  }
  return answers;
}

/** What a run on nodes is asked for. */
export function witnessOptions({ connection, session, thresholds }: TestArgs): RunOptions {
  const { container: _ofPods, netns: _ofTheFlag, ...rest } = session;
  return { connection, session: rest, to: [], names: [], thresholds, options: {} };
}
