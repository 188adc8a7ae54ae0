/**
 * netassert v2's tests (https://github.com/controlplaneio/netassert) as ours. Its exit code is that of its client: 0 for a
 * connection, anything else for none, which it takes for denied whatever the reason was. Pure.
 */

import { YAMLException } from 'js-yaml';
import { UserError } from '../model/errors.ts';
import { socketAddress } from '../model/socket-address.ts';
import { type Located, LocatedError, locatedDocuments } from './located.ts';
import { readShape, type Shape } from './shape.ts';
import type { TestDocument, WrittenTest } from './write.ts';

const WORD: Shape = { kind: 'text', what: 'a text' };
const COUNT: Shape = { kind: 'number', what: 'a whole number', least: 0, most: 1_000_000 };
const RESOURCE: Shape = {
  kind: 'map',
  keys: {
    kind: {
      required: true,
      shape: {
        kind: 'text',
        what: 'deployment, statefulset, daemonset or pod',
        choices: ['deployment', 'statefulset', 'daemonset', 'pod'],
      },
      describe: '',
    },
    name: { required: true, shape: WORD, describe: '' },
    namespace: { required: true, shape: WORD, describe: '' },
    clone: { shape: { kind: 'truth' }, describe: '' },
  },
};
const TESTS: Shape = {
  kind: 'list',
  of: {
    kind: 'map',
    keys: {
      name: { required: true, shape: WORD, describe: '' },
      type: { shape: { kind: 'text', what: 'k8s', choices: ['k8s'] }, describe: '' },
      protocol: { shape: { kind: 'text', what: 'tcp or udp', choices: ['tcp', 'udp'] }, describe: '' },
      targetPort: {
        required: true,
        shape: { kind: 'number', what: 'a port from 1 to 65535', least: 1, most: 65_535 },
        describe: '',
      },
      timeoutSeconds: { shape: COUNT, describe: '' },
      attempts: { shape: COUNT, describe: '' },
      exitCode: { shape: COUNT, describe: '' },
      src: {
        required: true,
        shape: { kind: 'map', keys: { k8sResource: { required: true, shape: RESOURCE, describe: '' } } },
        describe: '',
      },
      dst: {
        required: true,
        shape: {
          kind: 'map',
          keys: {
            k8sResource: { shape: RESOURCE, describe: '' },
            host: {
              shape: { kind: 'map', keys: { name: { required: true, shape: WORD, describe: '' } } },
              describe: '',
            },
          },
        },
        describe: '',
      },
    },
  },
};

interface Resource {
  readonly kind: 'deployment' | 'statefulset' | 'daemonset' | 'pod';
  readonly name: string;
  readonly namespace: string;
}

interface NetassertTest {
  readonly name: string;
  readonly protocol?: 'tcp' | 'udp';
  readonly targetPort: number;
  readonly exitCode?: number;
  readonly src: { readonly k8sResource: Resource };
  readonly dst: { readonly k8sResource?: Resource; readonly host?: { readonly name: string } };
}

/** @param file what messages call it @throws {UserError} exit 2: it is none of netassert's files */
export function fromNetassert(text: string, file: string): TestDocument {
  const name = file === '-' ? 'standard input' : file;
  try {
    const tests = locatedDocuments(text).flatMap(testsIn);
    if (tests.length === 0) throw new LocatedError('there is no test in it', 1);
    return { name: 'from-netassert', tests };
  } catch (error) {
    if (error instanceof YAMLException)
      throw new UserError(`${name}:${(error.mark?.line ?? 0) + 1}: ${error.reason}.`, 2);
    if (error instanceof LocatedError) throw new UserError(`${name}:${error.line}: ${error.message}.`, 2);
    throw error;
  }
}

function testsIn(document: Located): WrittenTest[] {
  const values = readShape(document, TESTS, 'the file') as unknown as NetassertTest[];
  return values.map((test, i) => {
    const { k8sResource, host } = test.dst;
    if ((k8sResource === undefined) === (host === undefined)) {
      const line = document.kind === 'list' ? document.items[i]?.line : undefined;
      throw new LocatedError(
        `test "${test.name}" needs dst.k8sResource or dst.host, and not both`,
        line ?? 1,
      );
    }
    return translated(test);
  });
}

const SHORT = { deployment: 'deploy', statefulset: 'sts', daemonset: 'ds', pod: 'pod' } as const;

function translated({ name, protocol, targetPort, exitCode = 0, src, dst }: NetassertTest): WrittenTest {
  const end = protocol === 'udp' ? `${targetPort}/udp` : String(targetPort);
  const { k8sResource, host } = dst;
  const to =
    k8sResource === undefined
      ? socketAddress(host?.name ?? '', end)
      : { ...placeOf(k8sResource), port: protocol === 'udp' ? end : targetPort };
  return { name, from: placeOf(src.k8sResource), to, expect: exitCode === 0 ? 'connected' : 'denied' };
}

function placeOf({ kind, name, namespace }: Resource): {
  readonly target: string;
  readonly namespace: string;
} {
  return { target: `${SHORT[kind]}/${name}`, namespace };
}
