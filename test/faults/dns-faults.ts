/** What goes wrong with DNS on the test cluster: rules in namespaces, servers that fail, names with large answers. */
import { dnsServiceAddress } from '../cluster/paths.ts';
import { app, helper, type Manifest, pod } from '../e2e/support/cluster.ts';

/** A command that makes a part of a fault, and the one that takes it away. */
export interface Step {
  readonly make: string;
  readonly undo: string;
}

/** Nobody lives there, and its network is routed to a node. */
export const DEAD = '198.18.1.253';

/** Of the range of Services, and of none of them. */
export const NO_SERVICE = '198.19.0.77';

/** Answers for zones of its own with errors, for all others as the cluster does. */
const COREFILE = `.:53 {
    template ANY ANY nowhere.example {
        rcode NXDOMAIN
    }
    template ANY ANY fail.test {
        rcode SERVFAIL
    }
    template IN AAAA v4only.test {
        rcode NXDOMAIN
    }
    template IN A v4only.test {
        answer "{{ .Name }} 60 IN A 198.18.51.2"
    }
    template IN A both.test {
        answer "{{ .Name }} 60 IN A 198.18.51.2"
    }
    template IN AAAA both.test {
        rcode NOERROR
    }
    template IN A corp.test {
        answer "{{ .Name }} 60 IN A 198.18.99.99"
    }
    template IN A some.test {
        match ^db[.]eu[.]prod[.]some[.]test[.]$
        answer "{{ .Name }} 60 IN A 198.18.51.2"
    }
    template IN AAAA corp.test {
        rcode NOERROR
    }
    forward . ${dnsServiceAddress}
}`;

export const corefile: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'corefile' },
  data: { Corefile: COREFILE },
};

function corednsOf(name: string, configMap: string): Manifest {
  return pod(name, {
    containers: [
      {
        name: 'coredns',
        image: 'localhost/coredns:1',
        imagePullPolicy: 'Never',
        args: ['-conf', '/etc/coredns/Corefile'],
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
      },
    ],
    spec: { volumes: [{ name: 'config', configMap: { name: configMap } }] },
  });
}

/** A CoreDNS of this Corefile, and what it needs. */
export function nameServer(name: string, lines: string): readonly Manifest[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { Corefile: `.:53 {\n${lines}\n}` },
    },
    corednsOf(name, name),
  ];
}

export const failingServer: Manifest = corednsOf('failing', 'corefile');

/** A Service beside the cluster's DNS, and a server of it that needs more memory than it may have; it is never ready. */
export function oomServers(name: string): Manifest {
  const labels = { app: name };
  const server = pod(name, {
    labels,
    containers: [
      {
        ...app,
        name: 'dns',
        ports: [],
        command: ['sh', '-c', 'sleep 2; exec tail /dev/zero'],
        resources: { limits: { memory: '24Mi' }, requests: { memory: '24Mi' } },
        readinessProbe: { exec: { command: ['false'] } },
      },
    ],
  });
  const ports = [{ name: 'dns', port: 53, protocol: 'UDP' }];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: labels, ports },
  };
  const items = [server, service].map((one) => ({
    ...one,
    metadata: { ...(one['metadata'] as object), namespace: 'kube-system' },
  }));
  return { apiVersion: 'v1', kind: 'List', items };
}

/** Serves the cluster's zone, and asks nobody, or somebody who is gone, for all others. */
export const strandedServers: readonly Manifest[] = [
  { name: 'no-forward', others: 'errors' },
  { name: 'dead-forward', others: `forward . ${DEAD}` },
].flatMap(({ name, others }) => [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: {
      Corefile: `cluster.local:53 {
    forward . ${dnsServiceAddress}
}
.:53 {
    ${others}
}`,
    },
  },
  corednsOf(name, name),
]);

/** Passes each query on after 4.2 s: more than is called slow, and less than a client waits for, also on a busy machine. */
export const slowServer: Manifest = pod('slow', {
  containers: [
    {
      ...helper,
      command: [
        'socat',
        // The query is all that comes in: the way back stays open until the answer is there.
        '-t9',
        'UDP4-RECVFROM:53,fork',
        `SYSTEM:sleep 4.2; exec socat -T3 -t1 - UDP4\\:${dnsServiceAddress}\\:53`,
      ],
    },
  ],
});

/** A second address for a server that answers from its first one, on the network of node1's pods; as a /32 it brings no route. */
export const SECOND = '198.18.1.252';

/** Passes queries on, and answers from whatever address the kernel takes. */
export const relay: Manifest = pod('relay', {
  containers: [
    {
      ...helper,
      command: [
        'socat',
        '-t9',
        'UDP4-RECVFROM:53,fork',
        `SYSTEM:exec socat -T3 -t1 - UDP4\\:${dnsServiceAddress}\\:53`,
      ],
    },
  ],
  spec: { nodeName: 'node1' },
});

/** A headless Service of so many addresses that they do not fit into 512 bytes. */
export const crowd: readonly Manifest[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'crowd' },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'crowd-1', labels: { 'kubernetes.io/service-name': 'crowd' } },
    addressType: 'IPv4',
    ports: [{ port: 80 }],
    endpoints: Array.from({ length: 60 }, (_, i) => ({ addresses: [`198.18.1.${i + 100}`] })),
  },
];

/** Rules in a table of their own, before all others and before any translation. */
export function rules(hook: 'output' | 'prerouting' | 'input' | 'forward', ...lines: string[]): Step[] {
  const priority = hook === 'prerouting' ? -300 : -10;
  return [
    { make: 'nft add table ip ntfdns', undo: 'nft delete table ip ntfdns' },
    { make: `nft add chain ip ntfdns c { type filter hook ${hook} priority ${priority} ; }`, undo: '' },
    ...lines.map((line) => ({ make: `nft add rule ip ntfdns c ${line}`, undo: '' })),
  ];
}

/** As a node's connection tracking does it: what comes before the first answer to the same port is dropped. */
export function raceOf(address: string): Step[] {
  return [
    ...rules('prerouting'),
    ...['seen', 'answered'].map((set) => ({
      make: `nft add set ip ntfdns ${set} { type inet_service ; flags dynamic,timeout ; timeout 60s ; }`,
      undo: '',
    })),
    ...['udp sport @answered accept', 'udp sport @seen counter drop', 'add @seen { udp sport }'].map(
      (rule) => ({
        make: `nft add rule ip ntfdns c ip saddr ${address} udp dport 53 ${rule}`,
        undo: '',
      }),
    ),
    { make: 'nft add chain ip ntfdns back { type filter hook postrouting priority 0 ; }', undo: '' },
    {
      make: `nft add rule ip ntfdns back ip daddr ${address} udp sport 53 add @answered { udp dport }`,
      undo: '',
    },
  ];
}
