/** The rules of the service check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { ServicesFacts } from '../facts.ts';
import { addressAlias } from './address-alias.ts';
import { clusterIp } from './cluster-ip.ts';
import { endingPod } from './ending-pod.ts';
import { externalPolicy } from './external-policy.ts';
import { failingEndpoints } from './failing-endpoints.ts';
import { fewConnections } from './few-connections.ts';
import { hairpin } from './hairpin.ts';
import { localPolicy } from './local-policy.ts';
import { misreadLink } from './misread-link.ts';
import { nameFails } from './name.ts';
import { noReadyEndpoint } from './no-ready-endpoint.ts';
import { noVirtualAddress } from './no-virtual-address.ts';
import { otherFamily } from './other-family.ts';
import { otherProtocol } from './other-protocol.ts';
import { otherWorkload } from './other-workload.ts';
import { pendingBalancer } from './pending-balancer.ts';
import { staleEndpoints } from './stale-endpoints.ts';
import { staleRules } from './stale-rules.ts';
import { unaskedProgram } from './unasked-program.ts';
import { unmappedPort } from './unmapped-port.ts';
import { wrongTargetPort } from './wrong-target-port.ts';

export const SERVICE_RULES: readonly Rule<ServicesFacts>[] = [
  misreadLink,
  noReadyEndpoint,
  staleRules,
  staleEndpoints,
  otherFamily,
  wrongTargetPort,
  otherProtocol,
  otherWorkload,
  unaskedProgram,
  failingEndpoints,
  unmappedPort,
  localPolicy,
  externalPolicy,
  hairpin,
  clusterIp,
  addressAlias,
  nameFails,
  noVirtualAddress,
  pendingBalancer,
  fewConnections,
  endingPod,
];
