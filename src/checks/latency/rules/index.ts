/** The rules of the latency check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { LatencyFacts } from '../facts.ts';
import { brokenOff } from './broken-off.ts';
import { bufferbloat } from './bufferbloat.ts';
import { farCpuLimit, ownCpuLimit } from './cpu-limit.ts';
import { cutAnswer } from './cut-answer.ts';
import { ecnLost } from './ecn-lost.ts';
import { highRtt } from './high-rtt.ts';
import { hostName } from './host-name.ts';
import { loss } from './loss.ts';
import { narrowAnswers } from './narrow-way-back.ts';
import { noH2c } from './no-h2c.ts';
import { noHttp } from './no-http.ts';
import { notThisWay } from './not-this-way.ts';
import { otherAddress } from './other-address.ts';
import { plainToTls } from './plain-to-tls.ts';
import { proxyProtocol } from './proxy-protocol.ts';
import { redirectLoop } from './redirect-loop.ts';
import { redirectedAstray } from './redirected-astray.ts';
import { retransmits } from './retransmits.ts';
import { serverError } from './server-error.ts';
import { shortRest } from './short-rest.ts';
import { slowConnect } from './slow-connect.ts';
import { slowServer } from './slow-server.ts';
import { straightAnswer } from './straight-answer.ts';
import { strictMesh } from './strict-mesh.ts';

export const LATENCY_RULES: readonly Rule<LatencyFacts>[] = [
  otherAddress,
  straightAnswer,
  proxyProtocol,
  strictMesh,
  brokenOff,
  noHttp,
  noH2c,
  plainToTls,
  narrowAnswers,
  cutAnswer,
  ownCpuLimit,
  farCpuLimit,
  loss,
  highRtt,
  bufferbloat,
  retransmits,
  ecnLost,
  slowConnect,
  slowServer,
  notThisWay,
  serverError,
  redirectLoop,
  redirectedAstray,
  hostName,
  shortRest,
];
