/** The rules of the latency check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';
import { brokenOff } from './broken-off.ts';
import { bufferbloat } from './bufferbloat.ts';
import { cutAnswer } from './cut-answer.ts';
import { highRtt } from './high-rtt.ts';
import { loss } from './loss.ts';
import { otherAddress } from './other-address.ts';
import { proxyProtocol } from './proxy-protocol.ts';
import { retransmits } from './retransmits.ts';
import { serverError } from './server-error.ts';
import { slowConnect } from './slow-connect.ts';
import { slowServer } from './slow-server.ts';

export const LATENCY_RULES: readonly Rule<LatencyFacts>[] = [
  otherAddress,
  proxyProtocol,
  brokenOff,
  cutAnswer,
  loss,
  highRtt,
  bufferbloat,
  retransmits,
  slowConnect,
  slowServer,
  serverError,
];
