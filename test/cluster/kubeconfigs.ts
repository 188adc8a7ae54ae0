/** Kubeconfig files: for the cluster's parts, for the admin, and for any ServiceAccount. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from './files.ts';
import { apiPort, bridge, dataDir, kubeconfig, kubectlPath } from './paths.ts';
import { certificate, privateKey } from './pki.ts';
import { run } from './proc.ts';

const base64 = (path: string): string => readFileSync(path).toString('base64');

/** A kubeconfig with one cluster, user and context; JSON, which every YAML reader takes. */
function configText(host: string, name: string, user: object): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'nettools-test',
        cluster: {
          server: `https://${host}:${apiPort}`,
          'certificate-authority-data': base64(certificate('ca')),
        },
      },
    ],
    users: [{ name, user }],
    contexts: [{ name: 'nettools-test', context: { cluster: 'nettools-test', user: name } }],
    'current-context': 'nettools-test',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function certificateUser(name: string): object {
  return {
    'client-certificate-data': base64(certificate(name)),
    'client-key-data': base64(privateKey(name)),
  };
}

/** Writes the kubeconfig of a part of the cluster and returns its path. */
export function componentKubeconfig(name: string): string {
  const path = join(dataDir, 'kubeconfigs', name);
  writeFile(path, configText(bridge.address, name, certificateUser(name)));
  return path;
}

/** Writes the admin's kubeconfig into this clone. */
export function writeAdminKubeconfig(): void {
  writeFile(kubeconfig, configText('127.0.0.1', 'kubernetes-admin', certificateUser('admin')));
}

/**
 * Writes a kubeconfig that acts as a ServiceAccount, with a token that lasts one hour.
 * @param path file to write
 */
export async function serviceAccountKubeconfig(
  namespace: string,
  serviceAccount: string,
  path: string,
): Promise<void> {
  const argv = [kubectlPath(), '--kubeconfig', kubeconfig, '-n', namespace];
  const token = await run([...argv, 'create', 'token', serviceAccount, '--duration=1h']);
  writeFile(path, configText('127.0.0.1', serviceAccount, { token: token.trim() }));
}
