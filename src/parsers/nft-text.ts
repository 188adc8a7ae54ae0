/** Rules of nft in its own words, near enough to find them again. Pure. */
import { socketAddress } from '../model/socket-address.ts';
import type { JsonObject } from './json.ts';
import { object, setName, valuesOf } from './nft-matches.ts';

/** `table ip t chain c: tcp dport 80 drop # handle 4` */
export function ruleText(rule: JsonObject, expressions: readonly JsonObject[]): string {
  return `table ${rule['family']} ${rule['table']} chain ${rule['chain']}: ${expressions.map(expressionText).join(' ')} # handle ${rule['handle']}`;
}

/** One expression in nft's own words, near enough to find the rule again. */
export function expressionText(expression: JsonObject): string {
  const [[kind = '', value] = []] = Object.entries(expression);
  switch (kind) {
    case 'match': {
      const { op, left, right } = object(value) ?? {};
      const sign = op === '==' || op === 'in' ? '' : `${op} `;
      return `${operandText(left)} ${sign}${operandText(right)}`;
    }
    case 'counter': {
      const counter = object(value);
      return counter ? `counter packets ${counter['packets']}` : `counter name "${value}"`;
    }
    case 'reject': {
      const reject = object(value);
      if (!reject) return 'reject';
      return reject['type'] === 'tcp reset'
        ? 'reject with tcp reset'
        : `reject with ${reject['type']} type ${reject['expr']}`;
    }
    case 'jump':
    case 'goto':
      return `${kind} ${object(value)?.['target']}`;
    case 'dnat':
    case 'snat': {
      const { addr, port } = object(value) ?? {};
      if (typeof addr !== 'string') return kind;
      return `${kind} to ${port === undefined ? addr : socketAddress(addr, String(port))}`;
    }
    case 'redirect': {
      const port = object(value)?.['port'];
      return port === undefined ? 'redirect' : `redirect to :${operandText(port)}`;
    }
    case 'vmap': {
      const { key, data } = object(value) ?? {};
      const name = setName(data);
      return `${operandText(key)} vmap ${name === undefined ? '{ … }' : `@${name}`}`;
    }
    case 'mangle': {
      const { key, value: to } = object(value) ?? {};
      return `${operandText(key)} set ${operandText(to)}`;
    }
    case 'tproxy':
      return `tproxy to ${String(object(value)?.['addr'] ?? '')}:${String(object(value)?.['port'] ?? '')}`;
    case 'xt':
      return String(object(value)?.['name'] ?? 'xt');
    default:
      return kind;
  }
}

/** Of a set without a name, which may have thousands: as many as iptables has ports in one match. */
const MOST_SHOWN = 15;

function operandText(operand: unknown): string {
  const values = valuesOf(operand);
  if (values?.length === 1) return String(values[0]);
  if (values !== undefined)
    return `{ ${values.slice(0, MOST_SHOWN).join(', ')}${values.length > MOST_SHOWN ? ', …' : ''} }`;
  const one = object(operand);
  const payload = object(one?.['payload']);
  if (payload) return `${payload['protocol']} ${payload['field']}`;
  const concat = one?.['concat'];
  if (Array.isArray(concat)) return concat.map(operandText).join(' . ');
  const keyed = object(one?.['meta']) ?? object(one?.['ct']);
  if (keyed) return `${one && 'ct' in one ? 'ct ' : ''}${keyed['key']}`;
  return typeof operand === 'string' ? operand : '…';
}
