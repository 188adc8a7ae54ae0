/**
 * What the NetworkPolicies of networking.k8s.io/v1 say about one connection. Pure.
 *
 * The rules are those of the API's own documentation: a pod is isolated in a direction once any policy selects it for
 * that direction; then the union of what these policies allow is allowed, and nothing else. Both ends have to agree:
 * egress of the source and ingress of the destination. Answers to an allowed connection are allowed.
 */
import type {
  LabelSelector,
  Labels,
  NetworkPolicySpec,
  PolicyPeer,
  PolicyPort,
} from '../../model/network-policy.ts';
import { contains, parsePrefix } from '../../parsers/ip-prefix.ts';

/** The part of a NetworkPolicy that decides. */
export interface NetworkPolicy extends NetworkPolicySpec {
  readonly namespace: string;
  readonly name: string;
}

/** A pod as policies see it. */
export interface PolicyPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** Of its namespace; absent: they may not be read, and only the name of it is known. */
  readonly namespaceLabels?: Labels;
  /** Its named container ports. */
  readonly ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
  /** It lives in its node's network, where policies do not apply. */
  readonly hostNetwork: boolean;
  /** Its own, of both families; absent: they are not known. */
  readonly addresses?: readonly string[];
  /** Where it runs. */
  readonly node?: string;
}

/** One end of a connection; without a pod it is outside the cluster, or a node. */
export interface PolicyEnd {
  /** Empty: one of its pod's. */
  readonly address: string;
  readonly pod?: PolicyPod;
}

/** A connection to ask about. */
export interface Connection {
  readonly from: PolicyEnd;
  readonly to: PolicyEnd;
  /** On the destination itself, after any Service. */
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

/**
 * What one direction's policies say. `none`: no policy selects the pod, so everything is allowed. `unknown`: it hangs
 * on labels that may not be read.
 */
export interface DirectionVerdict {
  readonly direction: 'egress' | 'ingress';
  readonly verdict: 'none' | 'allowed' | 'denied' | 'unknown';
  /** Policies that select the pod for this direction, as `namespace/name`. */
  readonly selecting: readonly string[];
  /** Those of them that allow the connection. */
  readonly allowing: readonly string[];
}

/** Both directions together. */
export interface PolicyVerdict {
  readonly verdict: 'none' | 'allowed' | 'denied' | 'unknown';
  readonly egress: DirectionVerdict;
  readonly ingress: DirectionVerdict;
}

/** True, false, or undefined where what would decide is not known. */
type Ternary = boolean | undefined;

/** @param policies of the namespaces of both ends; more do no harm */
export function evaluatePolicies(policies: readonly NetworkPolicy[], connection: Connection): PolicyVerdict {
  const egress = evaluate(policies, connection, 'egress');
  const ingress = evaluate(policies, connection, 'ingress');
  return { verdict: both(egress.verdict, ingress.verdict), egress, ingress };
}

function evaluate(
  policies: readonly NetworkPolicy[],
  connection: Connection,
  direction: 'egress' | 'ingress',
): DirectionVerdict {
  const subject = (direction === 'egress' ? connection.from : connection.to).pod;
  const none = { direction, verdict: 'none', selecting: [], allowing: [] } as const;
  if (subject === undefined || subject.hostNetwork || isSamePod(connection)) return none;
  if (direction === 'ingress' && isOwnNode(connection)) return none;
  const selecting = policies.filter(
    (policy) =>
      policy.namespace === subject.namespace &&
      policyTypes(policy).includes(direction) &&
      matchesLabels(policy.podSelector, subject.labels),
  );
  if (selecting.length === 0) return none;
  const answers = selecting.map((policy) => ({
    name: `${policy.namespace}/${policy.name}`,
    allows: allows(policy, connection, direction),
  }));
  const allowing = answers.filter(({ allows }) => allows === true).map(({ name }) => name);
  const verdict =
    allowing.length > 0
      ? 'allowed'
      : answers.some(({ allows }) => allows === undefined)
        ? 'unknown'
        : 'denied';
  return { direction, verdict, selecting: answers.map(({ name }) => name), allowing };
}

/** No policy can cut a pod off from itself. */
function isSamePod({ from, to }: Connection): boolean {
  if (from.pod === undefined || to.pod === undefined) return false;
  return from.pod.namespace === to.pod.namespace && from.pod.name === to.pod.name;
}

/** No policy can cut a pod off from its node, which has to reach it for its probes. */
function isOwnNode({ from, to }: Connection): boolean {
  return from.pod?.hostNetwork === true && from.pod.node !== undefined && from.pod.node === to.pod?.node;
}

/** Without policyTypes a policy is about ingress, and about egress when it has egress rules. */
function policyTypes(policy: NetworkPolicy): ('egress' | 'ingress')[] {
  const types = policy.policyTypes ?? [];
  if (types.length === 0) return (policy.egress ?? []).length > 0 ? ['ingress', 'egress'] : ['ingress'];
  return types.flatMap((type) => {
    const name = type.toLowerCase();
    return name === 'egress' || name === 'ingress' ? [name] : [];
  });
}

function allows(policy: NetworkPolicy, connection: Connection, direction: 'egress' | 'ingress'): Ternary {
  return any((direction === 'egress' ? policy.egress : policy.ingress) ?? [], (rule) => {
    if (!matchesPorts(rule.ports ?? [], connection)) return false;
    const peers = (direction === 'egress' ? rule.to : rule.from) ?? [];
    const other = direction === 'egress' ? connection.to : connection.from;
    return peers.length === 0 ? true : any(peers, (peer) => matchesPeer(peer, other, policy.namespace));
  });
}

function matchesPorts(ports: readonly PolicyPort[], connection: Connection): boolean {
  return ports.length === 0 || ports.some((port) => matchesPort(port, connection));
}

function matchesPort({ port, endPort, protocol }: PolicyPort, connection: Connection): boolean {
  if ((protocol ?? 'TCP').toLowerCase() !== connection.protocol) return false;
  if (port === undefined) return true;
  const number = typeof port === 'number' ? port : /^\d+$/.test(port) ? Number(port) : undefined;
  if (number !== undefined)
    return endPort === undefined
      ? connection.port === number
      : connection.port >= number && connection.port <= endPort;
  // A name means a container port of the pod that is connected to, in both directions.
  return (connection.to.pod?.ports ?? []).some(
    (p) => p.name === port && p.port === connection.port && p.protocol.toLowerCase() === connection.protocol,
  );
}

function matchesPeer(peer: PolicyPeer, other: PolicyEnd, policyNamespace: string): Ternary {
  if (peer.ipBlock) {
    const { cidr, except = [] } = peer.ipBlock;
    const addresses = other.address === '' ? (other.pod?.addresses ?? []) : [other.address];
    if (addresses.length === 0) return undefined;
    return addresses.some((one) => inCidr(one, cidr) && !except.some((part) => inCidr(one, part)));
  }
  // A selector matches pods; a pod in its node's network is the node.
  const { pod } = other;
  if (pod === undefined || pod.hostNetwork) return false;
  const podMatches = peer.podSelector === undefined || matchesLabels(peer.podSelector, pod.labels);
  if (!podMatches) return false;
  if (peer.namespaceSelector === undefined) return pod.namespace === policyNamespace;
  return matchesNamespace(peer.namespaceSelector, pod);
}

/** The label that every namespace has. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

function matchesNamespace(selector: LabelSelector, pod: PolicyPod): Ternary {
  if (pod.namespaceLabels) return matchesLabels(selector, pod.namespaceLabels);
  const known: LabelSelector = {
    matchLabels: Object.fromEntries(
      Object.entries(selector.matchLabels ?? {}).filter(([key]) => key === NAME_LABEL),
    ),
    matchExpressions: (selector.matchExpressions ?? []).filter(({ key }) => key === NAME_LABEL),
  };
  if (!matchesLabels(known, { [NAME_LABEL]: pod.namespace })) return false;
  return size(known) === size(selector) ? true : undefined;
}

function size({ matchLabels, matchExpressions }: LabelSelector): number {
  return Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length;
}

/** As `metav1.LabelSelector` is defined: all requirements together; NotIn holds for a label that is not there. */
export function matchesLabels(selector: LabelSelector, labels: Labels): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const value = labels[key];
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Whether an address lies in a CIDR; never across address families. */
function inCidr(address: string, cidr: string): boolean {
  const [one, range] = [parsePrefix(address), parsePrefix(cidr)];
  return one !== undefined && range !== undefined && contains(range, one);
}

function any<T>(items: readonly T[], holds: (item: T) => Ternary): Ternary {
  let unknown = false;
  for (const item of items) {
    const answer = holds(item);
    if (answer === true) return true;
    if (answer === undefined) unknown = true;
  }
  return unknown ? undefined : false;
}

/** What is known of the way to a Service's address, of whose pods nothing is known. */
export function behindService(verdict: PolicyVerdict): PolicyVerdict {
  const hide = (d: DirectionVerdict): DirectionVerdict =>
    d.verdict === 'none' ? d : { ...d, verdict: 'unknown' };
  const egress = hide(verdict.egress);
  return { egress, ingress: verdict.ingress, verdict: both(egress.verdict, verdict.ingress.verdict) };
}

/** What two verdicts come to: both ends have to agree. */
export function both(a: PolicyVerdict['verdict'], b: PolicyVerdict['verdict']): PolicyVerdict['verdict'] {
  for (const verdict of ['denied', 'unknown', 'allowed'] as const)
    if (a === verdict || b === verdict) return verdict;
  return 'none';
}
