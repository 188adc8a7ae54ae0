import { describe, expect, it } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import {
  buildContainer,
  findRunning,
  sessionContainer,
  sessionContainers,
  statusOf,
} from '../../../src/targets/ephemeral.ts';
import KEEPER from '../../../src/targets/keeper.sh';
import { PROFILES } from '../../../src/targets/profiles.ts';
import { foreign, pod, podWith, spec } from './pods.ts';

const containerName = (...args: Parameters<typeof sessionContainer>) => sessionContainer(...args).name;
const nameOf = (rest: Parameters<typeof spec>[0] = {}, profile: (typeof PROFILES)[number] = 'netadmin') =>
  containerName(pod(), spec(rest), profile);

describe('buildContainer', () => {
  const { command: _command, ...netadmin } = buildContainer('n', spec(), 'netadmin');
  const { command: _baseline, ...baseline } = buildContainer('n', spec({ choice: 'baseline' }), 'baseline');
  const { command: _restricted, ...restricted } = buildContainer(
    'n',
    spec({ targetContainer: 'app', imagePullPolicy: 'Never' }),
    'restricted',
  );

  it('builds the netadmin profile', () => {
    expect(netadmin).toMatchInlineSnapshot(`
      {
        "env": [
          {
            "name": "NETTOOLS_PROFILE_CHOICE",
            "value": "auto",
          },
        ],
        "image": "registry.example/nettools:1",
        "imagePullPolicy": "IfNotPresent",
        "name": "n",
        "securityContext": {
          "capabilities": {
            "add": [
              "NET_ADMIN",
              "NET_RAW",
            ],
          },
          "runAsNonRoot": false,
          "runAsUser": 0,
        },
        "terminationMessagePolicy": "File",
      }
    `);
  });

  it('builds the baseline profile', () => {
    expect(baseline).toMatchInlineSnapshot(`
      {
        "env": [
          {
            "name": "NETTOOLS_PROFILE_CHOICE",
            "value": "baseline",
          },
        ],
        "image": "registry.example/nettools:1",
        "imagePullPolicy": "IfNotPresent",
        "name": "n",
        "securityContext": {
          "runAsNonRoot": false,
          "runAsUser": 0,
        },
        "terminationMessagePolicy": "File",
      }
    `);
  });

  it('builds the restricted profile, beside a named container', () => {
    expect(restricted).toMatchInlineSnapshot(`
      {
        "env": [
          {
            "name": "NETTOOLS_PROFILE_CHOICE",
            "value": "auto",
          },
        ],
        "image": "registry.example/nettools:1",
        "imagePullPolicy": "Never",
        "name": "n",
        "securityContext": {
          "allowPrivilegeEscalation": false,
          "capabilities": {
            "drop": [
              "ALL",
            ],
          },
          "runAsGroup": 65532,
          "runAsNonRoot": true,
          "runAsUser": 65532,
          "seccompProfile": {
            "type": "RuntimeDefault",
          },
        },
        "targetContainerName": "app",
        "terminationMessagePolicy": "File",
      }
    `);
  });

  it('runs the keeper for the idle time', () => {
    const { command = [] } = buildContainer('n', spec({ idleSeconds: 90 }), 'netadmin');
    expect(command.filter((_word, i) => i !== 2)).toEqual(['sh', '-c', 'nettools-keeper', '90']);
  });

  it('runs the keeper as it is written, after the kubelet has expanded the command', () => {
    // Kubernetes third_party/forked/golang/expansion: $(NAME) is a variable, $$ a dollar, and a lone dollar stays.
    const expand = (text: string) =>
      text.replace(/\$(\$|\((\w+)\))/g, (all, next) => (next === '$' ? '$' : `<${all}>`));
    const { command = [] } = buildContainer('n', spec(), 'netadmin');
    expect(expand(command[2] ?? '')).toBe(compactScript(KEEPER));
  });

  it('carries no user input in the script', () => {
    const scripts = ['a', '$(reboot)'].map(
      (text) => buildContainer(text, spec({ image: text, targetContainer: text }), 'netadmin').command?.[2],
    );
    expect(scripts[0]).toBe(scripts[1]);
  });
});

describe('sessionContainer', () => {
  it('is a DNS label that tells the profile', () => {
    for (const profile of PROFILES)
      expect(nameOf({}, profile)).toMatch(new RegExp(`^nettools-${profile}-[0-9a-f]{6}-0$`));
  });

  it('is the same for two clients that ask for the same', () => {
    expect(nameOf()).toBe(nameOf());
    expect(containerName(pod({ metadata: { resourceVersion: '7' } }), spec(), 'netadmin')).toBe(nameOf());
  });

  it.each([
    ['image', { image: 'registry.example/nettools:2' }],
    ['target container', { targetContainer: 'app' }],
    ['way to choose the profile', { choice: 'netadmin' as const }],
  ])('differs with another %s', (_what, rest) => {
    expect(nameOf(rest)).not.toBe(nameOf());
  });

  it.each([
    { state: 'unreported' as const, generation: 0 },
    { state: 'creating' as const, generation: 0 },
    { state: 'running' as const, generation: 0 },
    { state: 'ended' as const, generation: 1 },
  ])('of a container that is $state is of generation $generation', ({ state, generation }) => {
    const before = podWith({ name: nameOf(), state });
    expect(containerName(before, spec(), 'netadmin')).toBe(nameOf().replace(/0$/, String(generation)));
  });

  it('counts on over all that have ended', () => {
    const names = [0, 1, 2].map((n) => nameOf().replace(/0$/, String(n)));
    const before = podWith(...names.map((name) => ({ name, state: 'ended' as const })));
    expect(containerName(before, spec(), 'netadmin')).toBe(nameOf().replace(/0$/, '3'));
  });

  it.each<[string, Parameters<typeof spec>[0]]>([
    ['idle time', { idleSeconds: 5 }],
    ['pull policy', { imagePullPolicy: 'Always' }],
  ])('is the one that is about to start, as it is, where only the %s differs', (_what, other) => {
    for (const state of ['unreported', 'creating', 'initializing'] as const) {
      const before = podWith({ name: nameOf(), spec: spec(other), state });
      expect(sessionContainer(before, spec(), 'netadmin')).toBe(before.spec?.ephemeralContainers?.[0]);
    }
  });

  it('is another one where the kubelet failed to pull with another policy', () => {
    const before = podWith({ name: nameOf(), spec: spec({ imagePullPolicy: 'Never' }), state: 'unpullable' });
    expect(containerName(before, spec(), 'netadmin')).toBe(nameOf().replace(/0$/, '1'));
    expect(containerName(before, spec({ imagePullPolicy: 'Never', idleSeconds: 5 }), 'netadmin')).toBe(
      nameOf(),
    );
  });
});

describe('findRunning', () => {
  const auto = spec();
  const netadmin = spec({ choice: 'netadmin' });
  const baseline = spec({ choice: 'baseline' });
  const name = (of: typeof auto, profile: (typeof PROFILES)[number]) => containerName(pod(), of, profile);

  it('finds nothing in a pod without sessions', () => {
    expect(findRunning(pod(), auto)).toBeUndefined();
    expect(
      findRunning(pod({ spec: { containers: [], ephemeralContainers: [foreign] } }), auto),
    ).toBeUndefined();
  });

  it.each([
    { has: auto, profile: 'netadmin' as const, wants: auto, found: true, why: 'the same' },
    { has: auto, profile: 'baseline' as const, wants: auto, found: true, why: 'what auto came to' },
    { has: auto, profile: 'restricted' as const, wants: auto, found: true, why: 'what auto came to' },
    {
      has: netadmin,
      profile: 'netadmin' as const,
      wants: auto,
      found: true,
      why: 'there is nothing stronger',
    },
    { has: baseline, profile: 'baseline' as const, wants: auto, found: false, why: 'auto might get more' },
    {
      has: auto,
      profile: 'netadmin' as const,
      wants: netadmin,
      found: true,
      why: 'the profile that was asked for',
    },
    {
      has: auto,
      profile: 'baseline' as const,
      wants: baseline,
      found: true,
      why: 'the profile that was asked for',
    },
    { has: auto, profile: 'netadmin' as const, wants: baseline, found: false, why: 'another profile' },
    { has: auto, profile: 'baseline' as const, wants: netadmin, found: false, why: 'another profile' },
    {
      has: spec({ image: 'x' }),
      profile: 'netadmin' as const,
      wants: auto,
      found: false,
      why: 'another image',
    },
    {
      has: spec({ targetContainer: 'app' }),
      profile: 'netadmin' as const,
      wants: auto,
      found: false,
      why: 'beside another container',
    },
    {
      has: auto,
      profile: 'netadmin' as const,
      wants: spec({ targetContainer: 'app' }),
      found: false,
      why: 'beside no container',
    },
    {
      has: spec({ idleSeconds: 5 }),
      profile: 'netadmin' as const,
      wants: auto,
      found: true,
      why: 'another idle time',
    },
  ])(
    '$found: $profile of choice $has.choice for choice $wants.choice ($why)',
    ({ has, profile, wants, found }) => {
      const before = podWith({ name: name(has, profile), spec: has, profile });
      expect(findRunning(before, wants)?.name).toBe(found ? name(has, profile) : undefined);
    },
  );

  it.each(['unreported', 'creating', 'ended'] as const)('finds none that is %s', (state) => {
    expect(findRunning(podWith({ name: name(auto, 'netadmin'), state }), auto)).toBeUndefined();
  });

  it('takes the strongest of several', () => {
    const before = podWith(
      { name: name(auto, 'restricted'), profile: 'restricted' },
      { name: name(netadmin, 'netadmin'), spec: netadmin },
    );
    expect(findRunning(before, auto)?.profile).toBe('netadmin');
  });

  it('takes the generation that runs', () => {
    const [first, second] = [0, 1].map((n) => name(auto, 'netadmin').replace(/0$/, String(n)));
    expect(
      findRunning(podWith({ name: first ?? '', state: 'ended' }, { name: second ?? '' }), auto)?.name,
    ).toBe(second);
  });
});

describe('sessionContainers', () => {
  it('lists all of ours with what their spec says, and nothing else', () => {
    const before = podWith(
      { name: nameOf(), state: 'ended' },
      { name: nameOf({}, 'restricted'), profile: 'restricted', state: 'unreported' },
    );
    before.spec?.ephemeralContainers?.push(foreign, { ...foreign, name: 'nettools-netadmin-000000-0' });
    expect(sessionContainers(before)).toEqual([
      {
        name: nameOf(),
        profile: 'netadmin',
        choice: 'auto',
        image: 'registry.example/nettools:1',
        idleSeconds: 600,
        status: expect.objectContaining({ name: nameOf() }),
      },
      expect.objectContaining({ profile: 'restricted', status: undefined }),
    ]);
  });
});

describe('statusOf', () => {
  it('is nothing before the kubelet has reported', () => {
    expect(statusOf(pod(), 'x')).toBeUndefined();
    expect(statusOf(podWith({ name: 'x', state: 'creating' }), 'x')?.state?.waiting?.reason).toBe(
      'ContainerCreating',
    );
  });
});
