/**
 * Whether the last words of a program are a complaint about a variable that somebody has set for it. A log may hold secrets
 * and anything else that somebody wants to be read: nothing of it is in the answer. Pure.
 */

/** A variable of a program's environment. */
export interface SetVariable {
  readonly name: string;
  readonly value: string;
  /** Others may have set one of the name, so that the value alone tells it. */
  readonly isByValue?: true;
}

/** What the log comes to. */
export interface Complaint<Known extends SetVariable> {
  /** That which the program could not read. */
  readonly about?: Known;
  /** It complains of a port, of whose setting it does not say. */
  readonly isOfPort: boolean;
}

/** More of one line is not looked at. */
const LONGEST_LINE = 2000;
/** A complaint in several lines: what comes before the value, as in Spring's, and after it, as below a command line. */
const LINES_BEFORE = 4;
const LINES_AFTER = 6;

/**
 * What programs say of a setting that is none: their own words, and those of their languages' libraries (Go, Java, Python,
 * Node, Rust, .NET, Ruby, shells).
 */
const UNREADABLE =
  /\bpars(?:e|ed|ing)\b|\binvalid (?:[\w"'.-]{1,40} ){0,3}(?:port|value|number|literal|digit|int|integer|syntax|format|argument|option|address|url|character)\b|\bnot an? (?:valid |whole |textual )?(?:number|int|integer|port|numeric|representation)\b|\bnot (?:numeric|a valid port)\b|NumberFormat|For input string|BAD_PORT|\bNaN\b|too many colons|\b(?:bad|illegal|wrong|unknown|unexpected) (?:port|number|value)\b|bad address '?\w+:\/\/|malformed|failed to (?:convert|bind|decode)|cannot (?:convert|unmarshal)|could not (?:convert|be cast)|cast to int|\b(?:must|should) be (?:an? |>|between|in |within |numeric|integer)|out of range|within range|integer expression|correct format|servname|type mismatch|expected .{0,30}\b(?:number|int)/i;
/** A place that the program did understand, and that it could not get to; or another trouble by which it ends. */
const OTHER_TROUBLE =
  /\b(?:refused|timed out|unreachable|ECONN[A-Z]+|ENOTFOUND|EAI_AGAIN|no such host|no route|name resolution|already in use|EADDRINUSE|denied|EACCES|EPERM|no space|out of memory|response|reply|handshake|authenticat\w+)\b/i;
/** The program goes on without it. */
const GOES_ON = /\bwarn(?:ing)?\b|ignor|fall(?:ing|s)? ?back|\busing (?:the )?default/i;
/** The beginning of another complaint. What says how a process ended, or that a program stumbles over what it could not read, is none. */
const ANOTHER = /^\W*(?:[\w.]*(?:Error|Exception)\b|fatal\b|panic\b)/i;
const SAME_STORY = /nil pointer|null|\bexit/i;
/** `export WEB_PORT="tcp://…"`, `"WEB_PORT": "tcp://…",`: somebody prints the environment. */
const ASSIGNMENT =
  /^\W{0,4}(?:export |declare -x |set )?["']?[A-Z_][A-Z0-9_]*["']?\s{0,2}[=:]\s{0,2}["']?[^\s"']*["']?,?\s*$/;
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** @param text the end of a log @param variables what the program had in its environment */
export function parseComplaint<Known extends SetVariable>(
  text: string,
  variables: readonly Known[],
): Complaint<Known> {
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((line) => line.slice(0, LONGEST_LINE).replace(ESCAPES, '').trim())
    .filter((line) => line !== '');
  const isOfPort = lines.some((line) => /port\b|ports\b|BAD_PORT/i.test(line) && UNREADABLE.test(line));
  // In a log of many Services' variables most are in no line at all.
  const known = variables.filter(
    (one) => text.includes(one.isByValue ? one.value : one.name) || text.includes(one.value),
  );
  const named = lines.map((line) => (GOES_ON.test(line) ? undefined : variableIn(line, known)));
  const at = named.findLastIndex((one, i) => one !== undefined && isComplaint(lines, i));
  const about = named[at];
  return about === undefined || hasOtherTrouble(lines, named, at) ? { isOfPort } : { about, isOfPort };
}

function isComplaint(lines: readonly string[], at: number): boolean {
  return lines
    .slice(Math.max(0, at - LINES_BEFORE), at + LINES_AFTER + 1)
    .some((line) => UNREADABLE.test(line) && !ASSIGNMENT.test(line));
}

function hasOtherTrouble(lines: readonly string[], named: readonly unknown[], at: number): boolean {
  return lines.slice(at).some(
    (line, i) =>
      // Not in the list of a program's flags, which many print when they cannot read one.
      (OTHER_TROUBLE.test(line) && !line.startsWith('-')) ||
      (ANOTHER.test(line) && named[at + i] === undefined && !UNREADABLE.test(line) && !SAME_STORY.test(line)),
  );
}

/** By its name first; a value may be that of several, of which the first is the most common setting. */
function variableIn<Known extends SetVariable>(line: string, variables: readonly Known[]): Known | undefined {
  if (ASSIGNMENT.test(line)) return undefined;
  const byName = variables.filter((one) => one.isByValue === undefined && hasWord(line, one.name));
  const byValue = variables.filter((one) => isLink(one) && hasWord(line, one.value));
  // Who prints many of them prints all that there is.
  if (byName.length > 2 || new Set(byValue.map(({ value }) => value)).size > 2) return undefined;
  return byName[0] ?? byValue[0];
}

/** `tcp://198.51.100.1:80`; a number or an address alone is anybody's. */
function isLink({ value }: SetVariable): boolean {
  return value.includes('://');
}

/** Not as a part of a longer name or number. */
function hasWord(line: string, word: string): boolean {
  for (let at = line.indexOf(word); at >= 0; at = line.indexOf(word, at + 1)) {
    const before = line[at - 1] ?? ' ';
    const after = line[at + word.length] ?? ' ';
    if (!/[A-Za-z0-9_]/.test(before) && !/[A-Za-z0-9_]/.test(after)) return true;
  }
  return false;
}
