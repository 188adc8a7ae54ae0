import type { MachineSpec, SessionFlags, SessionsTarget, TargetSpec, ViaChoice } from '../../model/args.ts';
import type { Flag, SettingFlag, SwitchFlag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import type { Values } from '../values.ts';
import { exclusive } from './connection.ts';

const selector: TextFlag = {
  name: 'selector',
  short: 'l',
  kind: 'text',
  value: 'SELECTOR',
  describe: 'Label selector instead of TARGET: picks a ready pod that it matches',
};
const container: TextFlag = {
  name: 'container',
  short: 'c',
  kind: 'text',
  value: 'NAME',
  describe: "Also share the processes of this container of the pod; default: only the pod's network",
  completes: 'container',
};
const image = {
  name: 'image',
  kind: 'text',
  value: 'IMAGE',
  describe: 'Image with the tools; any image with a shell works',
  setting: { key: 'image', type: 'image' },
} as const satisfies SettingFlag;
const mirror = {
  name: 'mirror',
  kind: 'text',
  value: 'REGISTRY',
  describe: 'Registry, and path if any, to pull the default image from',
  setting: { key: 'mirror', type: 'registry' },
} as const satisfies SettingFlag;
const pullSecret = {
  name: 'pull-secret',
  kind: 'text',
  value: 'SECRET',
  describe:
    "Secret for pulling the image of a pod that the tool creates (node/NAME), in that pod's namespace",
  setting: { key: 'pullSecret' },
} as const satisfies SettingFlag;
const imagePullPolicy = {
  name: 'image-pull-policy',
  kind: 'text',
  value: 'POLICY',
  choices: ['Always', 'IfNotPresent', 'Never'],
  describe: 'When the node pulls the image of a new container: Always, IfNotPresent or Never',
  setting: { key: 'imagePullPolicy' },
} as const satisfies SettingFlag;
const profile = {
  name: 'profile',
  kind: 'text',
  value: 'PROFILE',
  choices: ['auto', 'netadmin', 'baseline', 'restricted'],
  default: 'auto',
  describe: 'Rights of the container: auto, netadmin, baseline or restricted',
  setting: { key: 'profile' },
} as const satisfies SettingFlag;
const via = {
  name: 'via',
  kind: 'text',
  value: 'WAY',
  choices: ['auto', 'pod', 'node'],
  default: 'auto',
  describe:
    "How to reach a pod's network: pod (a container in it), node (from its node), or auto (from its node if the pod has too little memory left)",
  setting: { key: 'via' },
} as const satisfies SettingFlag;
const idle = {
  name: 'idle',
  kind: 'text',
  value: 'DURATION',
  default: '10m',
  describe:
    'Stop the container after it has been idle this long; a container that already runs keeps its own',
  setting: { key: 'idle', type: 'duration' },
} as const satisfies SettingFlag;
const keep: SwitchFlag = {
  name: 'keep',
  kind: 'switch',
  describe: "Keep a node's pod or a Docker container for the next command, until it has been idle for --idle",
};
const debugNamespace = {
  name: 'debug-namespace',
  kind: 'text',
  value: 'NAMESPACE',
  describe: "Namespace for a node's pod; default: that of -n or the context",
  completes: 'namespace',
  setting: { key: 'debugNamespace' },
} as const satisfies SettingFlag;
const netns: TextFlag = {
  name: 'netns',
  kind: 'text',
  value: 'NAMESPACE',
  describe: "Switch into this network namespace of the target's machine, as netns ls names it",
  completes: 'netns',
};
const timeout = {
  name: 'timeout',
  kind: 'text',
  value: 'DURATION',
  default: '60s',
  describe:
    'Time limit of the whole command; for run, shell and capture, until they start. Unless you set it, checks get the time they need on top',
  setting: { key: 'timeout', type: 'duration' },
} as const satisfies SettingFlag;

/** All containers of a Docker engine, where a command takes more than one. */
const ENGINE = 'docker://';

/** Whether a TARGET is in no cluster, whatever the kubeconfig says. */
export function isOutsideClusters(target: string | undefined): boolean {
  if (target === undefined) return false;
  return target === ENGINE || ['docker', 'netns', 'pid', 'local'].includes(parseTarget(target).kind);
}

/** Flags that choose a target in place of TARGET. */
export const selectorFlags: readonly Flag[] = [selector];

/** The same for commands on all that it matches. */
export const allOfSelector: Flag = {
  ...selector,
  describe: 'Label selector instead of TARGET: all pods that it matches',
};

/** What is given in place of TARGET, where it is. */
export function selectorText(values: Values): string | undefined {
  return values.text(selector);
}

/** Flags that say how to get into the target. */
export const sessionFlags: readonly Flag[] = [
  container,
  image,
  mirror,
  imagePullPolicy,
  pullSecret,
  profile,
  via,
  idle,
  keep,
  debugNamespace,
  netns,
  timeout,
];

/** Those of them that are settings. */
export const settingsOfSessions: readonly SettingFlag[] = [
  image,
  mirror,
  imagePullPolicy,
  pullSecret,
  profile,
  via,
  idle,
  debugNamespace,
  timeout,
];

/** Those of them that count where a machine is meant, and not a pod. */
export const machineFlags: readonly Flag[] = sessionFlags.filter(
  (flag) => flag !== container && flag !== netns && flag !== profile && flag !== via,
);

/** Just the time limit, for what starts no container. */
export const timeoutFlags: readonly Flag[] = [timeout];

/** @param targets what the session is on; without them, a machine */
export function sessionValues(values: Values, targets: readonly TargetSpec[] = []): SessionFlags {
  return withoutUndefined({
    container: values.text(container),
    image: values.image(image),
    mirror: values.registry(mirror),
    pullSecret: values.text(pullSecret),
    imagePullPolicy: values.optionalChoice(imagePullPolicy),
    profile: values.choice(profile),
    via: viaOf(values, targets),
    idleMs: values.duration(idle, 1000),
    keep: values.isOn(keep),
    debugNamespace: values.text(debugNamespace),
    netns: netnsOf(values),
    timeoutMs: timeoutMs(values),
    limitMs: values.origin(timeout) === undefined ? undefined : timeoutMs(values),
  });
}

/** A flag has to make sense; what is set for pods gives way to -c, and says nothing of other targets. */
function viaOf(values: Values, targets: readonly TargetSpec[]): ViaChoice {
  const way = values.choice(via);
  const hasContainer = values.text(container) !== undefined;
  if (values.origin(via) !== `--${via.name}`) return way === 'node' && hasContainer ? 'auto' : way;
  const other = targets.find(({ kind }) => kind !== 'name' && kind !== 'selector');
  if (way !== 'auto' && other !== undefined) {
    throw usageError(
      `--via ${way} is for pods: a target of the kind ${other.kind} is reached in only one way`,
    );
  }
  if (way === 'node' && hasContainer) throw exclusive('-c NAME', '--via node');
  return way;
}

/** An empty one, as an unset shell variable in quotes leaves, would silently measure in another namespace. */
function netnsOf(values: Values): string | undefined {
  const text = values.text(netns);
  if (text === undefined && values.origin(netns) !== undefined) throw usageError('--netns is empty');
  return text;
}

export function timeoutMs(values: Values): number {
  return values.duration(timeout);
}

/** @throws UserError with exit code 2 when what is asked for takes longer than the limit that is set */
export function refuseLongerThanTimeout(values: Values, ms: number): void {
  const from = values.origin(timeout);
  const limit = timeoutMs(values);
  if (from === undefined || ms < limit) return;
  throw usageError(`the measurement takes ${ms / 1000} s, but ${from} ends it after ${limit / 1000} s`);
}

/** TARGET or -l, when there is one of them. */
export function optionalTarget(command: string, values: Values): TargetSpec | undefined {
  const [name, ...more] = values.words;
  const chosen = values.text(selector);
  if (more.length > 0) {
    const all = values.words.join(' ');
    throw usageError(
      `${command} takes one TARGET, but got ${values.words.length}: ${all}`,
      hintFor(values.words),
    );
  }
  if (name !== undefined && chosen !== undefined) throw exclusive('a TARGET', '-l SELECTOR');
  if (chosen !== undefined) return { kind: 'selector', selector: chosen };
  // An empty word is what an unset shell variable in quotes leaves.
  if (name === '') throw usageError('the TARGET is empty');
  return name === undefined ? undefined : parseTarget(name);
}

/** As RFC 1123 has it for a host. */
const NODE_NAME = /^[a-z0-9][a-z0-9.-]*$/;

/** TARGET as it is typed. @throws UserError with exit code 2 for what looks like a special target and is none */
export function parseTarget(text: string): TargetSpec {
  if (text === 'local') return { kind: 'local' };
  // What follows is slow to set up, and each of its kinds has one of the two.
  if (!text.includes(':') && !text.includes('/')) return { kind: 'name', name: text };
  const [, scheme = '', rest = ''] = /^(docker:\/\/|netns:|pid:|(?:no|nodes?)\/)(.*)$/is.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case '':
      return { kind: 'name', name: text };
    case 'docker://':
      return { kind: 'docker', name: named(text, rest, /^[a-zA-Z0-9][\w.-]*$/, 'docker://CONTAINER') };
    case 'netns:':
      return { kind: 'netns', where: named(text, rest, /^(?!-)[^\0]+$/, 'netns:NAME or netns:/PATH') };
    case 'pid:':
      return { kind: 'pid', pid: Number(named(text, rest, /^[1-9]\d{0,9}$/, 'pid:NUMBER')) };
    default:
      return { kind: 'node', name: named(text, rest, NODE_NAME, 'node/NAME') };
  }
}

function named(text: string, rest: string, form: RegExp, example: string): string {
  if (form.test(rest)) return rest;
  throw usageError(`"${text}" is not a target: write ${example}`);
}

/** A machine: `local`, `node/NAME` or a node's bare name. @throws UserError with exit code 2 */
export function parseMachine(command: string, text: string | undefined): MachineSpec {
  if (text === undefined || text === '') throw usageError(`${command} needs a machine: NODE or local`);
  const target = parseTarget(text);
  if (target.kind === 'node' || target.kind === 'local') return target;
  if (target.kind === 'name' && NODE_NAME.test(text)) return { kind: 'node', name: text };
  throw usageError(`${command} takes a machine, NODE or local, not "${text}"`);
}

/** What may have sessions: what is in a cluster; or a container of Docker, or (`docker://`) its whole engine. */
export function sessionsTargets(command: string, values: Values): readonly SessionsTarget[] {
  const { words } = values;
  const chosen = values.text(selector);
  if (chosen !== undefined) {
    if (words.length > 0) throw exclusive('a TARGET', '-l SELECTOR');
    return [{ kind: 'selector', selector: chosen }];
  }
  if (words.includes('')) throw usageError('the TARGET is empty');
  const hint = hintFor(words);
  if (words.length > 1 && hint !== undefined) throw usageError(`"${words[0]}" is a kind, not a TARGET`, hint);
  const targets = words.map((word) => sessionsTarget(command, word));
  if (targets.length > 1 && targets.some(({ kind }) => kind === 'docker')) {
    throw usageError(`${command} takes one target of Docker at a time, and none of a cluster beside it`);
  }
  return targets;
}

function sessionsTarget(command: string, word: string): SessionsTarget {
  if (word === ENGINE) return { kind: 'docker' };
  const target = parseTarget(word);
  if (target.kind === 'netns' || target.kind === 'pid' || target.kind === 'local') {
    throw usageError(
      `${command} takes a target that may have sessions: POD, deploy/NAME, node/NAME, …, -l SELECTOR, docker://CONTAINER, or docker:// for all of an engine`,
    );
  }
  return target;
}

export function requiredTarget(command: string, values: Values): TargetSpec {
  const target = optionalTarget(command, values);
  if (target !== undefined) return target;
  throw noTarget(command);
}

export function noTarget(command: string): Error {
  return usageError(`${command} needs a TARGET (POD, deploy/NAME, svc/NAME, …) or -l SELECTOR`);
}

const kinds =
  /^(?:po|no|pods?|deploy(?:ments?)?|sts|statefulsets?|ds|daemonsets?|rs|replicasets?|jobs?|svc|services?|nodes?)$/;

/** For a kind and a name that are two words, as kubectl takes them. */
export function hintFor([first = '', second = '']: readonly string[]): string | undefined {
  return kinds.test(first) ? `Write it as one word: ${first}/${second}` : undefined;
}
