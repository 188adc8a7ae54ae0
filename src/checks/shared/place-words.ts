/** The words for each kind of target. Pure. */
import type { PlaceWords } from '../../model/place-words.ts';
import type { TargetInfo } from '../../model/report.ts';

/** Of a pod, and of what is looked at from one. */
export const POD_WORDS: PlaceWords = {
  tools: 'the image',
  gainRights: 'use --profile netadmin',
  namespace: "the pod's own namespace",
  trackedElsewhere:
    "those of Services, NetworkPolicies and NAT are in the node's table, which a pod does not see",
  hostTable: "the node's connection table",
  hostTableUnseen: 'a pod does not see it',
  hasPolicies: true,
};

const CONTAINER: PlaceWords = {
  ...POD_WORDS,
  namespace: "the container's own namespace",
  trackedElsewhere:
    "those of published ports and NAT are in the host's table, which a container does not see",
  hostTable: "the host's connection table",
  hostTableUnseen: 'a container does not see it',
  hasPolicies: false,
};

const MACHINE: PlaceWords = {
  ...POD_WORDS,
  tools: 'this machine',
  gainRights: 'run it as root (sudo)',
  hostTable: "this machine's connection table",
  hasPolicies: false,
};

const NAMESPACE: PlaceWords = {
  ...MACHINE,
  namespace: 'this namespace',
  trackedElsewhere:
    "those of the machine's firewall and NAT are in the machine's table, which is not seen from here",
  hostTableUnseen: 'it is not seen from here',
};

export const PLACE_WORDS: Readonly<Record<TargetInfo['kind'], PlaceWords>> = {
  pod: POD_WORDS,
  node: POD_WORDS,
  docker: CONTAINER,
  local: MACHINE,
  netns: NAMESPACE,
  pid: NAMESPACE,
};
