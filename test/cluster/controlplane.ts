/** etcd, API server, controller-manager and scheduler: their command lines. */
import { join } from 'node:path';
import { type DaemonSpec, ensureDaemon } from './daemons.ts';
import { componentKubeconfig } from './kubeconfigs.ts';
import {
  apiPort,
  binDir,
  bridge,
  clusterDomain,
  controlPlaneCgroup,
  dataDir,
  etcdPorts,
  serviceCidr,
} from './paths.ts';
import { certificate, privateKey, serviceAccountKeys } from './pki.ts';

const etcdUrl = `http://127.0.0.1:${etcdPorts.client}`;
const issuer = `https://kubernetes.default.svc.${clusterDomain}`;

function daemon(name: string, binary: string, flags: readonly string[]): DaemonSpec {
  return { name, cgroup: controlPlaneCgroup, argv: [join(binDir('kubernetes'), binary), ...flags] };
}

/** Starts etcd. */
export function ensureEtcd(): void {
  const peerUrl = `http://127.0.0.1:${etcdPorts.peer}`;
  ensureDaemon(
    daemon('etcd', 'server', [
      `--data-dir=${join(dataDir, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      // A test cluster's data need not outlive a power cut, and fsync is most of a write's time.
      '--unsafe-no-fsync',
    ]),
  );
}

/** Starts the API server; it waits for etcd by itself. */
export function ensureApiServer(): void {
  ensureDaemon(
    daemon('kube-apiserver', 'kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${apiPort}`,
      `--advertise-address=${bridge.address}`,
      `--service-cluster-ip-range=${serviceCidr}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction,PodSecurity',
      '--allow-privileged=true',
      `--client-ca-file=${certificate('ca')}`,
      `--requestheader-client-ca-file=${certificate('front-proxy-ca')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--tls-cert-file=${certificate('apiserver')}`,
      `--tls-private-key-file=${privateKey('apiserver')}`,
      `--kubelet-certificate-authority=${certificate('ca')}`,
      `--kubelet-client-certificate=${certificate('apiserver-kubelet-client')}`,
      `--kubelet-client-key=${privateKey('apiserver-kubelet-client')}`,
      '--kubelet-preferred-address-types=InternalIP',
      `--service-account-issuer=${issuer}`,
      `--service-account-key-file=${serviceAccountKeys.public}`,
      `--service-account-signing-key-file=${serviceAccountKeys.private}`,
    ]),
  );
}

/** Starts controller-manager and scheduler; the API server must be ready. */
export function ensureControllers(): void {
  const manager = componentKubeconfig('controller-manager');
  const scheduler = componentKubeconfig('scheduler');
  ensureDaemon(
    daemon('kube-controller-manager', 'kube-controller-manager', [
      `--kubeconfig=${manager}`,
      `--authentication-kubeconfig=${manager}`,
      `--authorization-kubeconfig=${manager}`,
      '--bind-address=127.0.0.1',
      // One of each: an election would only delay the start.
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--flex-volume-plugin-dir=${join(dataDir, 'volume-plugins')}`,
      `--root-ca-file=${certificate('ca')}`,
      `--service-account-private-key-file=${serviceAccountKeys.private}`,
    ]),
  );
  ensureDaemon(
    daemon('kube-scheduler', 'kube-scheduler', [
      `--kubeconfig=${scheduler}`,
      `--authentication-kubeconfig=${scheduler}`,
      `--authorization-kubeconfig=${scheduler}`,
      '--bind-address=127.0.0.1',
      '--leader-elect=false',
    ]),
  );
}
