import { describe, expect, it } from 'vitest';
import { cgroupOwner } from '../../../src/parsers/cgroup.ts';

const id = '0a9a631464359eca13754bc79636d731de9819e91150090be15c06a7c4fd05f2';
const uid = '4cc98673-38d0-47ed-a198-26f167609ed7';
const underscores = uid.replaceAll('-', '_');

describe('cgroupOwner', () => {
  it.each([
    // cgroupfs driver, version 1 and 2; the test cluster's nodes have a root of their own.
    [`/kubepods/besteffort/pod${uid}/${id}`, uid, { id }],
    [`/ntnode1/kubepods/pod${uid}/${id}`, uid, { id }],
    // systemd driver.
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${underscores}.slice/cri-containerd-${id}.scope`,
      uid,
      { id, runtime: 'containerd' },
    ],
    [`/kubepods.slice/kubepods-pod${underscores}.slice/crio-${id}.scope`, uid, { id, runtime: 'cri-o' }],
    // A static pod's is the hash of its manifest.
    [
      `/kubepods/burstable/pod3e0e93ca3e0e93ca3e0e93ca3e0e93ca/${id}`,
      '3e0e93ca3e0e93ca3e0e93ca3e0e93ca',
      { id },
    ],
    // Seen from a container with a cgroup namespace of its own.
    [`/../../pod${uid}/${id}`, uid, { id }],
    // What only the kubelet is in.
    [`/kubepods/besteffort/pod${uid}`, uid, undefined],
    [`/docker/${id}`, undefined, { id, runtime: 'docker' }],
    [`/system.slice/docker-${id}.scope`, undefined, { id, runtime: 'docker' }],
    [`/system.slice/docker-${id}.scope/init.scope`, undefined, { id, runtime: 'docker' }],
    [`/machine.slice/libpod-${id}.scope/container`, undefined, { id, runtime: 'podman' }],
    [`/libpod_parent/libpod-${id}`, undefined, { id, runtime: 'podman' }],
    [`/default/${id}`, undefined, { id }],
    ['/', undefined, undefined],
    ['/system.slice/ssh.service', undefined, undefined],
    [`/user.slice/pod${uid}x/a`, undefined, undefined],
  ])('%s', (path, podUid, container) => {
    expect(cgroupOwner(path)).toEqual({ podUid, container });
  });
});
