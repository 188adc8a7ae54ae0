/** Many pods at once: some that run, for what looks at each, and thousands that are only names. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { apiPort, nodes } from '../cluster/paths.ts';
import { certificate, privateKey } from '../cluster/pki.ts';

/** Requests at the same time. */
const AT_ONCE = 16;

const app = { name: 'app', image: 'localhost/app:1', imagePullPolicy: 'Never' };

/**
 * Manifests of pods that all run on the first node, and of a Service that has some of them as its endpoints.
 * @param endpoints how many of the pods
 */
export function runningPods(count: number, endpoints: number): object {
  const pods = Array.from({ length: count }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `many-${i}`, labels: { app: i < endpoints ? 'endpoint' : 'idle' } },
    spec: {
      nodeName: nodes[0]?.name,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [app],
    },
  }));
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'many' },
    spec: { selector: { app: 'endpoint' }, ports: [{ port: 80, targetPort: 8080 }] },
  };
  return { apiVersion: 'v1', kind: 'List', items: [...pods, service] };
}

/** Makes pods that no scheduler takes: to the API server they are like others, and no node has anything to do with them. */
export async function namesOfPods(namespace: string, count: number): Promise<void> {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: AT_ONCE,
    ca: readFileSync(certificate('ca')),
    cert: readFileSync(certificate('admin')),
    key: readFileSync(privateKey('admin')),
  });
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const name = `name-${String(next++).padStart(4, '0')}`;
      const spec = { schedulerName: 'nobody', automountServiceAccountToken: false, containers: [app] };
      await post(agent, `/api/v1/namespaces/${namespace}/pods`, { metadata: { name }, spec });
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } finally {
    agent.destroy();
  }
}

function post(agent: Agent, path: string, object: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const call = request({ host: '127.0.0.1', port: apiPort, method: 'POST', path, agent, headers });
    call.on('error', reject);
    call.on('response', (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode === 201) resolve();
        else reject(new Error(`${path}: status ${answer.statusCode}`));
      });
    });
    call.end(JSON.stringify(object));
  });
}
