import { describe, expect, it } from 'vitest';
import { parseComplaint, type SetVariable } from '../../../src/parsers/complaint.ts';

const LINK = 'tcp://198.51.100.9:8080';
const SET: readonly SetVariable[] = [
  { name: 'WEB_PORT', value: LINK },
  { name: 'WEB_SERVICE_HOST', value: '198.51.100.9' },
  { name: 'WEB_SERVICE_PORT', value: '8080' },
  { name: 'WEB_PORT_8080_TCP', value: LINK },
  { name: 'WEB_PORT_8080_TCP_PORT', value: '8080' },
];
const of = (text: string, variables = SET) => parseComplaint(text, variables).about?.name;

describe('a complaint about a variable', () => {
  // As in the reports, with the address and the names of this test.
  it.each([
    ['cerebro#441', `Invalid HTTP port: ${LINK}`],
    [
      'container-openldap#457',
      `5f24e641 daemon: listen URL "ldap://web-565f78fdb8-9x8nn:${LINK}" parse error=5\n5f24e641 slapd stopped.\n5f24e641 connections_destroy: nothing to destroy.\n*** /container/run/process/slapd/run exited with status 1\n`,
    ],
    [
      'bazel-remote#257',
      `bazel-remote terminated: could not parse "${LINK}" as int value for flag port: strconv.ParseInt: parsing "${LINK}": invalid syntax`,
    ],
    [
      'livekit#2961',
      `could not parse "${LINK}" as uint value from environment variable "WEB_PORT" for flag port\nOPTIONS:\n--auth-timeout value  how long until a client is denied\n`,
    ],
    [
      'komodo#717',
      `thread 'tokio-runtime-worker' panicked at bin/core/src/config.rs:24:11:\nError {\n    context: "failed to parse core Env",\n    source: Custom(\n        "invalid digit found in string while parsing value '${LINK}' provided by WEB_PORT",\n    ),\n}\nnote: run with \`RUST_BACKTRACE=1\`\nError: task 5 panicked with message "… '${LINK}' provided by WEB_PORT"\n`,
    ],
    [
      'memos#1782',
      `* cannot parse 'Port' as int: strconv.ParseInt: parsing "${LINK}": invalid syntax\npanic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1]\n`,
    ],
    ['sobs#435', `listen tcp: address ${LINK}: too many colons in address`],
    [
      'bitnami-docker-redis#175',
      `*** FATAL CONFIG FILE ERROR (Redis 6.0.5) ***\nReading the configuration file, at line 92\n>>> 'port ${LINK}'\nargument couldn't be parsed into an integer\n`,
    ],
    [
      'redis-commander#267',
      `node ./bin/redis-commander --redis-port ${LINK}\nNo Save: false\nnet.js:1032\n      throw new errors.RangeError('ERR_SOCKET_BAD_PORT', port);\n      ^\n\nRangeError [ERR_SOCKET_BAD_PORT]: Port should be > 0 and < 65536. Received NaN.\n    at lookupAndConnect (net.js:1032:13)\n`,
    ],
    [
      'kubernetes#59552, Spring',
      `***************************\nAPPLICATION FAILED TO START\n***************************\n\nDescription:\n\nFailed to bind properties under 'web.port' to java.lang.Integer:\n\n    Property: web.port\n    Value: "${LINK}"\n    Origin: System Environment Property "WEB_PORT"\n    Reason: failed to convert java.lang.String to java.lang.Integer\n\nAction:\n\nUpdate your application's configuration\n`,
    ],
    [
      'misp-modules#413',
      `Traceback (most recent call last):\n  File "helpers/cache.py", line 27, in <module>\nValueError: invalid literal for int() with base 10: '${LINK}'\n`,
    ],
    ['its name alone', 'config: WEB_PORT must be a number\n'],
    ['a shell', `/start.sh: line 3: [: ${LINK}: integer expression expected\n`],
    ['httpd of busybox', `httpd: bad address '${LINK}'`],
    ['in colours', `\u001b[31mError:\u001b[0m \u001b[1minvalid port\u001b[0m ${LINK}\n`],
  ])('%s', (_what, text) => {
    expect(of(text)).toBe('WEB_PORT');
  });

  it.each([
    ['nothing', ''],
    ['another trouble', 'Error: connect ECONNREFUSED 198.51.100.7:5432\n'],
    [
      'n8n#8650: of a port, without its name',
      'RangeError: options.port should be >= 0 and < 65536. Received type number (NaN).\n',
    ],
    [
      'n8n-helm-chart#174: it goes on, and ends by something else',
      `Invalid number value for WEB_PORT: ${LINK}\nInitializing n8n process\nError: Mismatching encryption keys.\n`,
    ],
    [
      'it goes on, and finds no database',
      `Invalid number value for WEB_PORT: ${LINK}\ngetaddrinfo ENOTFOUND db\n`,
    ],
    ['a warning', `WARN invalid WEB_PORT "${LINK}", using default 8080\nsegmentation fault\n`],
    ['who means the Service by it', `Could not connect to ${LINK}: connection refused\n`],
    ['who means it, and does not like what comes', `failed to parse response from ${LINK}\n`],
    ['said without a complaint', `listening on ${LINK}\nexit\n`],
    [
      'the environment, printed',
      `WEB_PORT=${LINK}\nexport WEB_SERVICE_HOST="198.51.100.9"\n"WEB_PORT_8080_TCP": "${LINK}",\nError: invalid value for DB_URL\n`,
    ],
    [
      'the environment in one line',
      `env {WEB_PORT:${LINK}, WEB_SERVICE_HOST:198.51.100.9, WEB_SERVICE_PORT:8080}\nError: invalid value for DB_URL\n`,
    ],
    ['a longer name', 'MY_WEB_PORT must be a number, WEB_PORTS must be a number\n'],
    ['a longer port', `invalid port ${LINK}0\n`],
    ['a number that is anybody’s', 'invalid port 8080 of 198.51.100.9\n'],
  ])('is not: %s', (_what, text) => {
    expect(of(text)).toBeUndefined();
  });

  it('is by the value alone where others may have set the name', () => {
    const variables = [{ name: 'WEB_PORT', value: LINK, isByValue: true as const }];
    expect(of('WEB_PORT must be a number\n', variables)).toBeUndefined();
    expect(of(`WEB_PORT must be a number, not ${LINK}\n`, variables)).toBe('WEB_PORT');
  });

  it('is of the port that it names', () => {
    const second = { name: 'WEB_PORT_9090_TCP', value: 'tcp://[2001:db8::9]:9090' };
    expect(of('invalid port "tcp://[2001:db8::9]:9090"\n', [...SET, second])).toBe('WEB_PORT_9090_TCP');
  });

  it('says whether it is of any port', () => {
    const isOfPort = (text: string) => parseComplaint(text, SET).isOfPort;
    expect(isOfPort('RangeError: options.port should be >= 0 and < 65536. Received type number (NaN).')).toBe(
      true,
    );
    // https://github.com/actualbudget/actual/issues/4920
    expect(isOfPort('Error: port: ports must be within range 0 - 65535')).toBe(true);
    // https://github.com/elastic/cloud-on-k8s/issues/1987
    expect(isOfPort('FATAL Error: [server.port]: expected value of type [number] but got [string]')).toBe(
      true,
    );
    expect(isOfPort('Error: connect ECONNREFUSED 198.51.100.7:5432')).toBe(false);
  });

  it('looks at the beginning of a long line alone', () => {
    expect(of(`${'x'.repeat(1900)} invalid port ${LINK}`)).toBe('WEB_PORT');
    expect(of(`${'x'.repeat(2000)} invalid port ${LINK}`)).toBeUndefined();
  });
});
