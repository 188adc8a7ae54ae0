/** The rules of the routing check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { RoutingFacts } from '../facts.ts';
import { answersElsewhere } from './answers-elsewhere.ts';
import { bridgeNetfilter } from './bridge-netfilter.ts';
import { captureBySource } from './capture-by-source.ts';
import { capturedPods } from './captured-pods.ts';
import { circle } from './circle.ts';
import { deadRoute } from './dead-route.ts';
import { filteredByMark } from './filtered-by-mark.ts';
import { forwardPolicy } from './forward-policy.ts';
import { forwardingOff } from './forwarding-off.ts';
import { idleBridge } from './idle-bridge.ts';
import { missingRule } from './missing-rule.ts';
import { noDefaultRoute } from './no-default-route.ts';
import { noPodAddress } from './no-pod-address.ts';
import { nodeInPodRange } from './node-in-pod-range.ts';
import { nodesAddressHere } from './nodes-address-here.ts';
import { probeAnswers } from './probe-answers.ts';
import { rangeWithoutRoute } from './range-without-route.ts';
import { redirected } from './redirected.ts';
import { remoteHop } from './remote-hop.ts';
import { reversePath } from './reverse-path.ts';
import { sourceAddress } from './source-address.ts';
import { unansweredGateway } from './unanswered-gateway.ts';

export const ROUTING_RULES: readonly Rule<RoutingFacts>[] = [
  noPodAddress,
  nodesAddressHere,
  nodeInPodRange,
  missingRule,
  forwardingOff,
  forwardPolicy,
  rangeWithoutRoute,
  capturedPods,
  captureBySource,
  bridgeNetfilter,
  unansweredGateway,
  noDefaultRoute,
  idleBridge,
  deadRoute,
  redirected,
  reversePath,
  filteredByMark,
  remoteHop,
  circle,
  sourceAddress,
  probeAnswers,
  answersElsewhere,
];
