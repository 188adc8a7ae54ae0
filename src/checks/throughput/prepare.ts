/** The input of the throughput check. */

import type { InputContext } from '../../cluster/context.ts';
import type { InputOf } from '../../model/check.ts';
import type { Destination } from '../../model/destination.ts';
import type { Pod } from '../../model/kube-objects.ts';
import { optionsIn, thresholdsIn } from '../shared/about.ts';
import about from './about.ts';
import type check from './check.ts';
import type { ThroughputInput } from './facts.ts';
import { PORT, withServerPort } from './server-port.ts';

export default async function prepare({
  args,
  asked,
  subject,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  const flags = optionsIn(args, about);
  if (!flags) return undefined;
  const expected =
    flags.expectBits === undefined
      ? annotated(subject.pod, flags.reverse)
      : { bitsPerSecond: flags.expectBits, by: '--expect' };
  return {
    destinations: oneForEach(asked).map(withServerPort).map(withPort),
    durationMs: flags.durationMs,
    reverse: flags.reverse,
    share: thresholdsIn(args, about).throughputShare,
    ...(expected ? { expected } : {}),
  };
}

/** A Service is loaded through its own address; its endpoints one by one would take as many times as long. */
function oneForEach(asked: readonly Destination[]): Destination[] {
  const virtual = new Set(
    asked.flatMap(({ service }) => (service?.part === 'virtual' ? [service.label] : [])),
  );
  return asked.filter(
    ({ service, protocol, label }, i) =>
      protocol === 'tcp' &&
      !(service?.part === 'endpoint' && virtual.has(service.label)) &&
      // Named twice, it would be loaded twice, and get two servers on one port.
      (service !== undefined || asked.findIndex((other) => other.label === label) === i),
  );
}

function withPort(destination: Destination): Destination {
  return destination.anyPort ? { ...destination, port: PORT } : destination;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** The rate that the bandwidth plugin holds this pod to (kubernetes.io/egress-bandwidth: a quantity of bits). */
function annotated(pod: Pod | undefined, reverse: boolean): ThroughputInput['expected'] {
  const name = `kubernetes.io/${reverse ? 'ingress' : 'egress'}-bandwidth`;
  const [, amount, unit = ''] =
    /^(\d+(?:\.\d+)?)(k|M|G|Ki|Mi|Gi)?$/.exec(pod?.metadata?.annotations?.[name] ?? '') ?? [];
  const bitsPerSecond = Number(amount) * (UNITS[unit] ?? Number.NaN);
  return Number.isFinite(bitsPerSecond) ? { bitsPerSecond, by: `the pod's annotation ${name}` } : undefined;
}
