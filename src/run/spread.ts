/**
 * The order in which targets are begun: one of each node in turn, so that no node has to serve all of the first at once.
 * @param nodes of the targets; `undefined` where it is not known
 * @returns places in `nodes`, each once
 */
export function spread(nodes: readonly (string | undefined)[]): number[] {
  const queues = new Map<string | undefined, number[]>();
  for (const [place, node] of nodes.entries()) {
    const queue = queues.get(node);
    if (queue === undefined) queues.set(node, [place]);
    else queue.push(place);
  }
  const longest = Math.max(0, ...[...queues.values()].map((queue) => queue.length));
  return Array.from({ length: longest }, (_, turn) =>
    [...queues.values()].flatMap((queue) => queue.slice(turn, turn + 1)),
  ).flat();
}
