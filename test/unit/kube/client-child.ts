// Asks an API server for something as a process of its own and prints how that ended. It does not call
// process.exit(): that the process ends shows that the request left nothing open.
import { KubeClient } from '../../../src/kube/client.ts';

const [kubeconfig = ''] = process.argv.slice(2);
const client = await KubeClient.connect({ kubeconfig, requestTimeoutMs: 300 });
await client.get('/api/v1/pods').then(
  () => console.log('answered'),
  (error: Error) => console.log(error.message),
);
