/** The rules of the dns check, causes before consequences. */
import type { Rule } from '../../shared/rule.ts';
import type { DnsFacts } from '../facts.ts';
import { crashing } from './crashing.ts';
import { cutAnswer } from './cut-answer.ts';
import { disagreement } from './disagreement.ts';
import { familyNxdomain } from './family-nxdomain.ts';
import { largeAnswer } from './large-answer.ts';
import { lostPackets } from './lost-packets.ts';
import { ndots } from './ndots.ts';
import { noReply } from './no-reply.ts';
import { nxdomain } from './nxdomain.ts';
import { otherDomain } from './other-domain.ts';
import { otherOwner } from './other-owner.ts';
import { otherSource } from './other-source.ts';
import { outsideNames } from './outside-names.ts';
import { partial } from './partial.ts';
import { policyEgress } from './policy-egress.ts';
import { refused } from './refused.ts';
import { resolvConf } from './resolv-conf.ts';
import { resolvConfLines } from './resolv-conf-lines.ts';
import { resolverRace } from './resolver-race.ts';
import { reverse } from './reverse.ts';
import { searchHidesName } from './search-hides-name.ts';
import { servfail } from './servfail.ts';
import { slow } from './slow.ts';
import { tcpBlocked } from './tcp-blocked.ts';
import { tooLongName } from './too-long-name.ts';
import { unheardService } from './unheard-service.ts';

export const DNS_RULES: readonly Rule<DnsFacts>[] = [
  policyEgress,
  crashing,
  refused,
  otherSource,
  noReply,
  outsideNames,
  partial,
  unheardService,
  disagreement,
  servfail,
  slow,
  largeAnswer,
  lostPackets,
  resolverRace,
  tcpBlocked,
  cutAnswer,
  otherDomain,
  otherOwner,
  searchHidesName,
  familyNxdomain,
  resolvConf,
  resolvConfLines,
  reverse,
  ndots,
  nxdomain,
  tooLongName,
];
