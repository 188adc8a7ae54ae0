/** `gateway`: where Ingresses and routes of the API lead a request, and whether that is there. */
import type { Check } from '../../model/check.ts';
import { type MaybeUnread, tellingUnread } from '../shared/unread.ts';
import type { GatewayInput } from './facts.ts';
import { judgeGateway } from './judge.ts';
import { planGateway } from './plan.ts';
import { GATEWAY_RULES } from './rules/index.ts';

const gateway: Check<GatewayInput & MaybeUnread> = {
  id: 'gateway',
  findings: GATEWAY_RULES.map((rule) => rule.meta),
  plan: planGateway,
  judge: tellingUnread(judgeGateway),
};

export default gateway;
