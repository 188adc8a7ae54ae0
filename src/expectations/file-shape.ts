/** The keys of a NetworkTest: the parser and the JSON Schema know no others. Pure. */
import type { KeyShape, Shape } from './shape.ts';

const DURATION: Shape = {
  kind: 'text',
  what: 'a duration such as 20ms, 1.5s or 2m',
  pattern: '(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:ns|us|µs|μs|ms|s|m|h))+',
};
const NAMESPACE: Shape = {
  kind: 'text',
  what: 'the name of a namespace',
  pattern: '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?',
};
const WORD: Shape = { kind: 'text', what: 'a text' };
const DAYS: Shape = {
  kind: 'number',
  what: 'a whole number of days from 0 to 36500',
  least: 0,
  most: 36_500,
};
const HOST_NAME: Shape = {
  kind: 'text',
  what: 'a name such as api.example.com',
  pattern: '[A-Za-z0-9_*.-]+',
};
const STATUS: Shape = { kind: 'number', what: 'an HTTP status from 100 to 599', least: 100, most: 599 };
const CONNECTION: Shape = {
  kind: 'text',
  what: 'connected, denied or refused',
  choices: ['connected', 'denied', 'refused'],
};

const WITHIN: KeyShape = {
  shape: DURATION,
  describe:
    'The longest that it may take: 95 % of the connections, the whole request of a URL, or the look-up of a name.',
};

const ENDPOINT_KEYS = {
  target: {
    shape: { kind: 'text', what: 'a TARGET such as deploy/web' },
    describe: 'pod/NAME, deploy/NAME, sts/NAME, ds/NAME, job/NAME, svc/NAME or node/NAME.',
  },
  selector: {
    shape: { kind: 'text', what: 'a label selector such as app=web' },
    describe: 'Pods that have these labels.',
  },
  nodes: {
    shape: {
      kind: 'either',
      what: '"all" or a list of nodes',
      of: [
        { kind: 'text', what: '"all" or a list of nodes', choices: ['all'] },
        { kind: 'list', of: { kind: 'text', what: 'the name of a node', pattern: '[a-z0-9][a-z0-9.-]*' } },
      ],
    },
    describe: 'All nodes of the cluster, or those with these names.',
  },
  all: {
    shape: { kind: 'truth' },
    describe: 'Every pod of target or selector, instead of one that is ready.',
  },
  namespace: {
    shape: NAMESPACE,
    describe: 'Where the pods are, if not in metadata.namespace or the namespace of the command.',
  },
} as const satisfies Record<string, KeyShape>;

const GOAL: readonly Shape[] = [
  { kind: 'text', what: 'a DEST such as svc/db:5432' },
  {
    kind: 'map',
    keys: {
      ...ENDPOINT_KEYS,
      port: {
        shape: { kind: 'text', what: 'a port such as 8080 or 53/udp', pattern: '\\d{1,5}(/(?:tcp|udp))?' },
        describe: 'The port to connect to; without one, the first that a pod declares.',
      },
    },
  },
];

const EXPECT_KEYS = {
  connection: {
    shape: CONNECTION,
    describe:
      'connected: every address takes a connection. denied: a policy or a rule stops it, and somebody listens. refused: nobody listens.',
  },
  within: WITHIN,
  loss: {
    shape: {
      kind: 'text',
      what: 'a percentage such as 0% or 1.5%',
      pattern: '(?:100|\\d{1,2}(?:\\.\\d+)?)\\s?%',
    },
    describe: 'At most this share of echo requests is lost.',
  },
  mtu: {
    shape: {
      kind: 'number',
      what: 'a size of a packet in bytes, from 68 to 65535',
      least: 68,
      most: 65_535,
    },
    describe: 'Packets of at least this size arrive in one piece.',
  },
  answers: {
    shape: {
      kind: 'either',
      what: 'a number of addresses, or a list of addresses',
      of: [
        { kind: 'number', what: 'a number of addresses from 0 to 1000', least: 0, most: 1000 },
        { kind: 'list', of: { kind: 'text', what: 'an address', pattern: '[0-9A-Fa-f.:]+' } },
      ],
    },
    describe: 'At least so many addresses, none (0), or all of those in the list.',
  },
  status: {
    shape: {
      kind: 'either',
      what: 'an HTTP status, or a list of them',
      of: [STATUS, { kind: 'list', of: STATUS }],
    },
    describe: 'The status of the answer, or those that are right.',
  },
  certificateDays: { shape: DAYS, describe: 'The certificate is valid for at least so many more days.' },
  certificateNames: {
    shape: {
      kind: 'either',
      what: 'a name, or a list of names',
      of: [HOST_NAME, { kind: 'list', of: HOST_NAME }],
    },
    describe: 'The certificate is for all of these names.',
  },
  throughput: {
    shape: {
      kind: 'text',
      what: 'a rate such as 500M or 10G',
      pattern: '\\d+(?:\\.\\d+)?\\s*[kmgtKMGT]?(?:bit|bps|b)?(?:/s)?',
    },
    describe: 'One TCP connection carries at least so many bits per second; measuring it loads the network.',
  },
  noFindingAbove: {
    shape: { kind: 'text', what: 'info or warning', choices: ['info', 'warning'] },
    describe: 'No finding is graver than this.',
  },
} as const satisfies Record<string, KeyShape>;

const TEST: Shape = {
  kind: 'map',
  keys: {
    name: { shape: WORD, describe: 'What the report calls it.' },
    from: {
      required: true,
      shape: {
        kind: 'either',
        what: 'a TARGET, or a mapping with selector, target or nodes',
        of: [
          { kind: 'text', what: 'a TARGET such as deploy/web' },
          { kind: 'map', keys: ENDPOINT_KEYS },
        ],
      },
      describe: 'Where it is measured.',
    },
    to: {
      shape: {
        kind: 'either',
        what: 'a DEST, a mapping with selector, target or nodes, or a list of these',
        of: [
          ...GOAL,
          {
            kind: 'list',
            of: { kind: 'either', what: 'a DEST, or a mapping with selector, target or nodes', of: GOAL },
          },
        ],
      },
      describe: 'HOST:PORT[/udp], a URL, pod/NAME[:PORT], svc/NAME[.NAMESPACE][:PORT], pods or nodes.',
    },
    dns: { shape: HOST_NAME, describe: 'A name to look up, instead of "to".' },
    expect: {
      required: true,
      shape: {
        kind: 'either',
        what: 'connected, denied, refused or a mapping',
        of: [CONNECTION, { kind: 'map', keys: EXPECT_KEYS }],
      },
      describe: 'What has to be so.',
    },
    within: WITHIN,
  },
};

export const FILE: Shape = {
  kind: 'map',
  keys: {
    apiVersion: {
      required: true,
      shape: { kind: 'text', what: 'nettools/v1', choices: ['nettools/v1'] },
      describe: 'The version of this format.',
    },
    kind: {
      required: true,
      shape: { kind: 'text', what: 'NetworkTest', choices: ['NetworkTest'] },
      describe: 'What this is.',
    },
    metadata: {
      shape: {
        kind: 'map',
        keys: {
          name: { shape: WORD, describe: 'What reports call the file.' },
          namespace: {
            shape: NAMESPACE,
            describe: 'Where its pods are; default: the namespace of the command.',
          },
        },
      },
      describe: 'Names.',
    },
    tests: { required: true, shape: { kind: 'list', of: TEST }, describe: 'What is expected.' },
  },
};
