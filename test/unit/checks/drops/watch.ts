/** Texts as image/drops prints them. */

/** A drop as a test names it. */
export interface Drop {
  readonly reason: string;
  readonly function?: string;
  readonly namespace?: string;
  readonly packets?: number;
  readonly flow?: Readonly<Record<string, number | string>>;
}

/** The namespace that the watch runs in. */
export const OWN = '4026531833';

const SYN = {
  interface: 2,
  ethertype: 2048,
  protocol: 6,
  source: '198.51.100.7',
  destination: '198.51.100.8',
  sourcePort: 0,
  destinationPort: 5432,
};

/** A whole watch. @param end what differs in its last line; `null`: it has none */
export function watchText(
  drops: readonly Drop[],
  end: Readonly<Record<string, number | boolean>> | null = {},
): string {
  const places = drops.map(({ reason, namespace = OWN, packets = 1, ...rest }) => ({
    reason,
    function: rest.function ?? 'nf_hook_slow',
    namespace,
    packets,
  }));
  const last = {
    seconds: 30.01,
    namespaces: 12,
    flowsMissed: 0,
    placesMissed: 0,
    withoutNamespace: 0,
    unseen: 0,
    otherFlows: 0,
    peersLeftOut: 0,
    namespacesLeftOut: false,
  };
  const lines = [
    { watching: { kernel: '6.18.44', own: OWN, namespaces: 12 } },
    ...places.map((place) => ({ place })),
    ...places.map((place, i) => ({ flow: { ...place, ...SYN, ...drops[i]?.flow } })),
    ...(end === null ? [] : [{ end: { ...last, ...end } }]),
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
