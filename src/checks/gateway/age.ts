/** Which of two objects with the same rule counts. Pure. */

interface Aged {
  readonly metadata?:
    | {
        readonly namespace?: string | undefined;
        readonly name?: string | undefined;
        readonly creationTimestamp?: object | string | undefined;
      }
    | undefined;
}

/**
 * The older, then the first by the alphabet: the Gateway API says so (HTTPRouteSpec, rules), and ingress-nginx and
 * others do the same with Ingresses.
 */
export function byAge(a: Aged, b: Aged): number {
  // JSON carries strings where client-node's types say Date: in UTC and of one form, they sort as times.
  const rank = ({ metadata }: Aged): string =>
    `${String(metadata?.creationTimestamp ?? '')} ${metadata?.namespace}/${metadata?.name}`;
  const [one, other] = [rank(a), rank(b)];
  return one < other ? -1 : Number(one > other);
}
