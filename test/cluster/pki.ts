/** Keys and certificates of one cluster life: a CA and what it signs, made by the openssl command. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFile } from './files.ts';
import { apiServiceAddress, bridge, clusterDomain, nodes, pkiDir } from './paths.ts';
import { run } from './proc.ts';

/** Path of a certificate. */
export const certificate = (name: string): string => join(pkiDir, `${name}.crt`);
/** Path of a private key. */
export const privateKey = (name: string): string => join(pkiDir, `${name}.key`);
/** Key pair that signs and verifies ServiceAccount tokens. */
export const serviceAccountKeys = { private: join(pkiDir, 'sa.key'), public: join(pkiDir, 'sa.pub') };

interface Subject {
  readonly name: string;
  /** Common name: the user. */
  readonly user: string;
  /** Organisation: the group. */
  readonly group?: string;
  /** Subject alternative names: makes it a server certificate. */
  readonly names?: readonly string[];
}

const subjects: readonly Subject[] = [
  {
    name: 'apiserver',
    user: 'kube-apiserver',
    names: [
      'DNS:kubernetes',
      'DNS:kubernetes.default',
      'DNS:kubernetes.default.svc',
      `DNS:kubernetes.default.svc.${clusterDomain}`,
      'DNS:localhost',
      'IP:127.0.0.1',
      `IP:${bridge.address}`,
      `IP:${apiServiceAddress}`,
    ],
  },
  { name: 'apiserver-kubelet-client', user: 'kube-apiserver-kubelet-client', group: 'system:masters' },
  { name: 'admin', user: 'kubernetes-admin', group: 'system:masters' },
  { name: 'controller-manager', user: 'system:kube-controller-manager' },
  { name: 'scheduler', user: 'system:kube-scheduler' },
  { name: 'proxy', user: 'system:kube-proxy' },
  ...nodes.flatMap((node): Subject[] => [
    { name: node.name, user: `system:node:${node.name}`, group: 'system:nodes' },
    {
      name: `${node.name}-serving`,
      user: `system:node:${node.name}`,
      group: 'system:nodes',
      names: [`DNS:${node.name}`, `IP:${node.address}`],
    },
  ]),
];

const configFile = join(pkiDir, 'openssl.cnf');

function request(name: string, subject: string, extensions: readonly string[]): string[] {
  return [
    ...['openssl', 'req', '-x509', '-config', configFile, '-days', '3650', '-nodes'],
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ...['-keyout', privateKey(name), '-out', certificate(name), '-subj', subject],
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ];
}

function issue(subject: Subject): Promise<string> {
  const name = `${subject.group ? `/O=${subject.group}` : ''}/CN=${subject.user}`;
  const usage = subject.names ? 'serverAuth' : 'clientAuth';
  const argv = request(subject.name, name, [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    `extendedKeyUsage=${usage}`,
    ...(subject.names ? [`subjectAltName=${subject.names.join(',')}`] : []),
  ]);
  return run([...argv, '-CA', certificate('ca'), '-CAkey', privateKey('ca')]);
}

/** Makes all keys and certificates, unless this cluster has them. */
export async function ensurePki(): Promise<void> {
  // The marker is written last: a half-made set is made again.
  const marker = join(pkiDir, 'complete');
  if (existsSync(marker)) return;
  mkdirSync(pkiDir, { recursive: true, mode: 0o700 });
  // The system's openssl.cnf would add extensions of its own.
  writeFile(configFile, '[req]\ndistinguished_name = name\n[name]\n');
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFile(serviceAccountKeys.private, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  writeFile(serviceAccountKeys.public, pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  // The front proxy's CA signs nothing here, but the API server's clients expect that there is one.
  for (const name of ['ca', 'front-proxy-ca']) {
    await run(
      request(name, `/CN=kubectl-nettools-test-${name}`, [
        'basicConstraints=critical,CA:TRUE',
        'keyUsage=critical,keyCertSign,cRLSign',
        'subjectKeyIdentifier=hash',
      ]),
    );
  }
  await Promise.all(subjects.map(issue));
  writeFile(marker, '');
}
