/** The input of the matrix check: what this source is to probe. */
import type { InputContext } from '../../cluster/context.ts';
import { familyOf } from '../../cluster/families.ts';
import type { InputOf } from '../../model/check.ts';
import { type MatrixPlace, placeKey } from '../../model/matrix.ts';
import { optionsIn } from '../shared/about.ts';
import about from './about.ts';
import type check from './check.ts';

export default async function prepare({
  args,
  subject,
}: InputContext): Promise<InputOf<typeof check> | undefined> {
  const options = optionsIn(args, about);
  if (options === undefined) return undefined;
  const { pod, node, addresses: own } = subject;
  const place: MatrixPlace =
    pod === undefined
      ? { kind: 'node', target: `node/${node}` }
      : {
          kind: 'pod',
          target: `pod/${pod.metadata?.name}`,
          ...(pod.metadata?.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
        };
  const families = new Set(own.map((address) => (familyOf(address) === 'IPv6' ? 6 : 4)));
  const goals = (options.goals[placeKey(place)] ?? []).map((goal) => ({
    ...goal,
    // What has its own address is itself (pods in the network of one node), and a family that it has none of is no way.
    addresses: goal.addresses.filter(
      ({ family, host }) => !own.includes(host) && (families.size === 0 || families.has(family)),
    ),
  }));
  return { goals: goals.filter(({ addresses }) => addresses.length > 0), asksDns: !subject.isHost };
}
