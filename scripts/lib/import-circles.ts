/** By file: the files that it imports when it is loaded. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * Files that import each other, by whatever way: none of them can be understood, tested or moved alone.
 * @returns one sentence for each circle, which names the shortest way round from its first file
 */
export function findCircles(graph: ImportGraph): string[] {
  const seen = new Set<string>();
  return [...graph.keys()].sort().flatMap((file) => {
    if (seen.has(file)) return [];
    const way = wayBack(graph, file);
    if (way === undefined) return [];
    for (const one of way) seen.add(one);
    return [`${[...way, file].join(' → ')}: a circle of imports`];
  });
}

/** The shortest way from a file to itself, without its end; breadth first. */
function wayBack(graph: ImportGraph, file: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [file];
  for (const one of queue) {
    for (const next of graph.get(one) ?? []) {
      if (next === file) return unwind(cameFrom, file, one);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, one);
      queue.push(next);
    }
  }
  return undefined;
}

function unwind(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const way = [end];
  for (let at = end; at !== start; ) {
    at = cameFrom.get(at) ?? start;
    way.unshift(at);
  }
  return way;
}
