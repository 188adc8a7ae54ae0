/** A short table of what runs. */
import { apiList, isTrue } from './api.ts';
import { isAlive } from './daemons.ts';
import { deadDaemons, expectedDaemons, missingObjects } from './health.ts';

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Prints daemons, nodes and pods; returns whether the cluster is healthy. */
export async function printStatus(): Promise<boolean> {
  const daemons = [...expectedDaemons()].map(([name, record]) => [
    name,
    record ? String(record.pid) : '-',
    record && isAlive(record) ? 'up' : 'down',
  ]);
  console.log(table([['COMPONENT', 'PID', 'STATE'], ...daemons]));
  try {
    const nodes = (await apiList('/api/v1/nodes')).map((node) => [
      node.metadata.name,
      isTrue(node, 'Ready') ? 'Ready' : 'NotReady',
    ]);
    const pods = (await apiList('/api/v1/pods')).map((pod) => [
      `${pod.metadata.namespace}/${pod.metadata.name}`,
      pod.spec?.nodeName ?? '-',
      isTrue(pod, 'Ready') ? 'Ready' : (pod.status?.phase ?? '-'),
    ]);
    console.log(`\n${table([['NODE', 'STATE'], ...nodes])}`);
    console.log(`\n${table([['POD', 'NODE', 'STATE'], ...pods])}`);
    const missing = await missingObjects();
    if (missing.length > 0) console.log(`\nnot ready: ${missing.join(', ')}`);
    return missing.length === 0 && deadDaemons().length === 0;
  } catch (error) {
    console.log(
      `\nthe API server does not answer: ${error instanceof Error ? error.message : String(error)}`,
    );
    return false;
  }
}
