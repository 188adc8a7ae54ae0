/** Objects on the test cluster: a namespace for each test file, pods in it, and what became of their specs. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { apiGet, apiObject } from '../../cluster/api.ts';
import { kubeconfig, kubectlPath } from '../../cluster/paths.ts';
import { run, until } from '../../cluster/proc.ts';

/** Runs kubectl as the admin; resolves to its stdout. */
export function kubectl(args: readonly string[], input?: string): Promise<string> {
  return run([kubectlPath(), '--kubeconfig', kubeconfig, ...args], input === undefined ? {} : { input });
}

interface ContainerState {
  readonly running?: { readonly startedAt: string };
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly reason?: string; readonly exitCode: number };
}

interface ContainerStatus {
  readonly name: string;
  readonly state: ContainerState;
}

/** The parts of a pod that tests look at. */
export interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly generation?: number };
  readonly spec: {
    readonly nodeName?: string;
    readonly ephemeralContainers?: readonly {
      readonly name: string;
      readonly image: string;
      readonly targetContainerName?: string;
      readonly securityContext?: {
        readonly runAsUser?: number;
        readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
      };
    }[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[];
  };
}

/** A container as a manifest has it. */
export type Manifest = Readonly<Record<string, unknown>>;

/** The sample application: busybox httpd on port 8080. */
export const app: Manifest = {
  name: 'app',
  image: 'localhost/app:1',
  imagePullPolicy: 'Never',
  ports: [{ name: 'http', containerPort: 8080 }],
};

/** A container that listens nowhere: ports of a node are not a test's to take. */
const idle: Manifest = { ...app, ports: [], command: ['sleep', 'infinity'] };

/** A pod in the network of its node. */
export function hostPod(name: string, node: string): Manifest {
  return pod(name, { spec: { nodeName: node, hostNetwork: true }, containers: [idle] });
}

/** A container with all tools that may change the pod's network: faults are made from it, by `kubectl exec`. */
export const helper: Manifest = {
  name: 'helper',
  image: 'localhost/nettools:dev',
  imagePullPolicy: 'Never',
  command: ['sleep', 'infinity'],
  securityContext: { capabilities: { add: ['NET_ADMIN', 'NET_RAW'] } },
};

/** A pod that goes at once when it is deleted. */
export function pod(
  name: string,
  options: { containers?: readonly Manifest[]; labels?: object; annotations?: object; spec?: object } = {},
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: options.labels ?? { app: name }, annotations: options.annotations ?? {} },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: options.containers ?? [app],
      ...options.spec,
    },
  };
}

/** One namespace, made by a test file and gone with it. */
export class TestNamespace {
  readonly name: string;
  readonly #labels: object;

  constructor(name: string, labels: object) {
    this.name = name;
    this.#labels = labels;
  }

  async create(): Promise<void> {
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: this.name, labels: this.#labels },
    };
    await kubectl(['create', '-f', '-'], JSON.stringify(namespace));
    // Pods are refused until the controller has made their ServiceAccount.
    await until(`namespace ${this.name}`, 60, async () => {
      const account = await apiObject(`/api/v1/namespaces/${this.name}/serviceaccounts/default`);
      return account !== undefined || 'no default ServiceAccount';
    });
  }

  async remove(): Promise<void> {
    await kubectl(['delete', 'namespace', this.name, '--wait=false', '--ignore-not-found']);
  }

  /** kubectl in this namespace. */
  kubectl(args: readonly string[], input?: string): Promise<string> {
    return kubectl(['-n', this.name, ...args], input);
  }

  /** Creates objects. */
  async apply(...objects: readonly Manifest[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await this.kubectl(['apply', '-f', '-'], JSON.stringify(list));
  }

  /** Creates pods and waits until they are Ready. Pods of a test's first try are made anew where they are to be others. */
  async start(...pods: readonly Manifest[]): Promise<void> {
    await this.apply(...pods).catch(async (error: Error) => {
      if (!error.message.includes('pod updates may not change fields')) throw error;
      const list = { apiVersion: 'v1', kind: 'List', items: pods };
      await this.kubectl(['replace', '--force', '-f', '-'], JSON.stringify(list));
    });
    const names = pods.map((one) => `pod/${(one['metadata'] as { name: string }).name}`);
    await this.kubectl(['wait', '--for=condition=Ready', '--timeout=180s', ...names]);
  }

  /** Creates pods of the sample application and waits until they are Ready. */
  startApps(...names: readonly string[]): Promise<void> {
    return this.start(...names.map((name) => pod(name)));
  }

  async pod(name: string): Promise<PodObject> {
    return JSON.parse(await apiGet(`/api/v1/namespaces/${this.name}/pods/${name}`)) as PodObject;
  }

  /** The names of a pod's ephemeral containers, oldest first. */
  async ephemerals(name: string): Promise<string[]> {
    const { spec } = await this.pod(name);
    return (spec.ephemeralContainers ?? []).map((one) => one.name).reverse();
  }

  /** The state of one of a pod's own containers, once the kubelet has reported one. */
  async stateOf(podName: string, container: string): Promise<ContainerState | undefined> {
    const { status } = await this.pod(podName);
    return status.containerStatuses?.find(({ name }) => name === container)?.state;
  }

  /** Waits until an ephemeral container has ended. */
  async ended(podName: string, container: string, limit: number): Promise<void> {
    await until(`end of ${podName}/${container}`, limit, async () => {
      const { status } = await this.pod(podName);
      const state = status.ephemeralContainerStatuses?.find((one) => one.name === container)?.state;
      return state?.terminated !== undefined || `its state is ${JSON.stringify(state)}`;
    });
  }

  /** Runs a command in a pod's helper container. */
  help(podName: string, ...argv: readonly string[]): Promise<string> {
    return this.kubectl(['exec', podName, '-c', 'helper', '--', ...argv]);
  }
}

/** A namespace for the tests of this file. @param title letters, digits and dashes */
export function testNamespace(title: string, labels: object = {}): TestNamespace {
  const namespace = new TestNamespace(`nettools-e2e-${title}-${randomBytes(3).toString('hex')}`, labels);
  beforeAll(() => namespace.create());
  afterAll(() => namespace.remove());
  return namespace;
}
