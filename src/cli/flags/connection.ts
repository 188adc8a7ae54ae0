import type { ConnectionFlags } from '../../model/args.ts';
import type { CountFlag, Flag, ListFlag, SwitchFlag, TextFlag } from '../../model/flag.ts';
import { usageError } from '../../model/usage-error.ts';
import { withoutUndefined } from '../../model/without-undefined.ts';
import type { Values } from '../values.ts';

// Names, letters and meaning are kubectl's: what is in the user's fingers has to work. kubectl does not pass on flags
// that stand before a plugin's name, so the plugin has to know them all.

const namespace: TextFlag = {
  name: 'namespace',
  short: 'n',
  kind: 'text',
  value: 'NAME',
  describe: "Namespace of the target; default: the context's",
  completes: 'namespace',
};
const context: TextFlag = {
  name: 'context',
  kind: 'text',
  value: 'NAME',
  describe: 'Context of the kubeconfig to use',
  completes: 'context',
};
const kubeconfig: TextFlag = {
  name: 'kubeconfig',
  kind: 'text',
  value: 'FILE',
  describe: 'Kubeconfig to use instead of KUBECONFIG and ~/.kube/config',
  completes: 'file',
};
const cluster: TextFlag = {
  name: 'cluster',
  kind: 'text',
  value: 'NAME',
  describe: 'Cluster of the kubeconfig to use',
};
const user: TextFlag = {
  name: 'user',
  kind: 'text',
  value: 'NAME',
  describe: 'User of the kubeconfig to use',
};
const server: TextFlag = {
  name: 'server',
  short: 's',
  kind: 'text',
  value: 'URL',
  describe: 'Address of the API server',
};
const token: TextFlag = {
  name: 'token',
  kind: 'text',
  value: 'TOKEN',
  describe: 'Bearer token for the API server',
};
const as: TextFlag = {
  name: 'as',
  kind: 'text',
  value: 'USER',
  describe: 'User or ServiceAccount to impersonate',
};
const asGroup: ListFlag = {
  name: 'as-group',
  kind: 'list',
  splits: false,
  value: 'GROUP',
  describe: 'Group to impersonate; may be repeated',
};
const asUid: TextFlag = { name: 'as-uid', kind: 'text', value: 'UID', describe: 'UID to impersonate' };
const requestTimeout: TextFlag = {
  name: 'request-timeout',
  kind: 'text',
  value: 'DURATION',
  describe: 'Time limit of one request to the API server; 0: none',
};
const insecureSkipTlsVerify: SwitchFlag = {
  name: 'insecure-skip-tls-verify',
  kind: 'switch',
  describe: "Do not check the API server's certificate",
};
const certificateAuthority: TextFlag = {
  name: 'certificate-authority',
  kind: 'text',
  value: 'FILE',
  describe: "Certificate of the API server's authority",
  completes: 'file',
};
const clientCertificate: TextFlag = {
  name: 'client-certificate',
  kind: 'text',
  value: 'FILE',
  describe: 'Client certificate for TLS',
  completes: 'file',
};
const clientKey: TextFlag = {
  name: 'client-key',
  kind: 'text',
  value: 'FILE',
  describe: 'Key of the client certificate',
  completes: 'file',
};
const tlsServerName: TextFlag = {
  name: 'tls-server-name',
  kind: 'text',
  value: 'NAME',
  describe: "Name to expect in the API server's certificate",
};
const verbosity: CountFlag = {
  name: 'v',
  short: 'v',
  kind: 'count',
  describe: "Also print an error's stack trace; kubectl's levels (-v=6) are accepted but print nothing more",
};

/** The connection flags that each command's help shows. */
export const commonFlags: readonly Flag[] = [namespace, context, verbosity];

/** Every flag that all commands have, as `kubectl nettools options` lists them. */
export const globalFlags: readonly Flag[] = [
  as,
  asGroup,
  asUid,
  certificateAuthority,
  clientCertificate,
  clientKey,
  cluster,
  context,
  insecureSkipTlsVerify,
  kubeconfig,
  namespace,
  requestTimeout,
  server,
  tlsServerName,
  token,
  user,
  verbosity,
];

export function connectionFlags(values: Values): ConnectionFlags {
  const groups = values.list(asGroup);
  return withoutUndefined({
    namespace: values.text(namespace),
    context: values.text(context),
    kubeconfig: values.text(kubeconfig),
    cluster: values.text(cluster),
    user: values.text(user),
    as: values.text(as),
    asGroup: groups.length > 0 ? groups : undefined,
    asUid: values.text(asUid),
    token: values.text(token),
    server: values.text(server),
    requestTimeoutMs: requestTimeoutMs(values),
    insecureSkipTlsVerify: values.switch(insecureSkipTlsVerify),
    certificateAuthority: values.text(certificateAuthority),
    clientCertificate: values.text(clientCertificate),
    clientKey: values.text(clientKey),
    tlsServerName: values.text(tlsServerName),
  });
}

/** kubectl takes a bare number for seconds here, and here only. */
function requestTimeoutMs(values: Values): number | undefined {
  const text = values.text(requestTimeout);
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Number(text) * 1000 : values.optionalDuration(requestTimeout, 0);
}

/** For a flag that may not be given together with another. */
export function exclusive(first: string, second: string): Error {
  return usageError(`give either ${first} or ${second}, not both`);
}
