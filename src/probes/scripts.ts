/** The probes' own scripts, each a file. */
import type { ProbeScripts } from '../model/check.ts';
import PING from './ping.sh';
import TCP_CONNECT from './tcp-connect.bash';

export const PROBE_SCRIPTS: ProbeScripts = { ping: PING, tcpConnect: TCP_CONNECT };
