/** The rules of the gateway check, in the order of a request's way. */
import type { Rule } from '../../shared/rule.ts';
import type { GatewayFacts } from '../facts.ts';
import { noBackend } from './no-backend.ts';
import { noController } from './no-controller.ts';
import { noEndpoint } from './no-endpoint.ts';
import { noRule } from './no-rule.ts';
import { noSecret } from './no-secret.ts';
import { notAttached } from './not-attached.ts';
import { notResolved } from './not-resolved.ts';
import { refusedBackend } from './refused-backend.ts';
import { rivals } from './rivals.ts';

export const GATEWAY_RULES: readonly Rule<GatewayFacts>[] = [
  noController,
  notAttached,
  noRule,
  notResolved,
  noBackend,
  noEndpoint,
  refusedBackend,
  noSecret,
  rivals,
];
