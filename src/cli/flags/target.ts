import type { SessionFlags, TargetSpec } from '../../model/args.ts';
import type { Flag, TextFlag } from '../flag.ts';
import { usageError } from '../usage-error.ts';
import type { Values } from '../values.ts';
import { exclusive, withoutUndefined } from './connection.ts';

const selector: TextFlag = {
  name: 'selector',
  short: 'l',
  kind: 'text',
  value: 'SELECTOR',
  describe: 'Label selector in place of TARGET: a ready pod that it matches',
};
const container: TextFlag = {
  name: 'container',
  short: 'c',
  kind: 'text',
  value: 'NAME',
  describe: "Container of the pod to stand beside; default: the pod's first",
  completes: 'container',
};
const image: TextFlag = {
  name: 'image',
  kind: 'text',
  value: 'IMAGE',
  describe: 'Image with the tools; anything that has a shell works',
};
const imagePullPolicy = {
  name: 'image-pull-policy',
  kind: 'text',
  value: 'POLICY',
  choices: ['Always', 'IfNotPresent', 'Never'],
  describe: 'When the node pulls the image: Always, IfNotPresent or Never',
} as const satisfies TextFlag;
const profile = {
  name: 'profile',
  kind: 'text',
  value: 'PROFILE',
  choices: ['auto', 'netadmin', 'baseline', 'restricted'],
  default: 'auto',
  describe: 'Rights of the container: auto, netadmin, baseline or restricted',
} as const satisfies TextFlag;
const idle = {
  name: 'idle',
  kind: 'text',
  value: 'DURATION',
  default: '10m',
  describe: 'End the container when nothing has run in it for so long',
} as const satisfies TextFlag;
const timeout = {
  name: 'timeout',
  kind: 'text',
  value: 'DURATION',
  default: '60s',
  describe: 'Time limit of the check and of the start of the container',
} as const satisfies TextFlag;

/** Flags that choose a target in place of TARGET. */
export const selectorFlags: readonly Flag[] = [selector];

/** Flags that say how to get into the target. */
export const sessionFlags: readonly Flag[] = [container, image, imagePullPolicy, profile, idle, timeout];

/** Just the time limit, for what starts no container. */
export const timeoutFlags: readonly Flag[] = [timeout];

export function sessionValues(values: Values): SessionFlags {
  return withoutUndefined({
    container: values.text(container),
    image: values.text(image),
    imagePullPolicy: values.optionalChoice(imagePullPolicy),
    profile: values.choice(profile),
    idleMs: values.duration(idle, 1000),
    timeoutMs: timeoutMs(values),
  });
}

export function timeoutMs(values: Values): number {
  return values.duration(timeout);
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
  return name === undefined ? undefined : { kind: 'name', name };
}

export function requiredTarget(command: string, values: Values): TargetSpec {
  const target = optionalTarget(command, values);
  if (target !== undefined) return target;
  throw usageError(`${command} needs a TARGET (POD, deploy/NAME, svc/NAME, …) or -l SELECTOR`);
}

const kinds = /^(?:po|pods?|deploy(?:ments?)?|sts|statefulsets?|ds|daemonsets?|jobs?|svc|services?|nodes?)$/;

function hintFor([first = '', second = '']: readonly string[]): string | undefined {
  return kinds.test(first) ? `Write it as one word: ${first}/${second}` : undefined;
}
