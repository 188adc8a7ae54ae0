/** Reasons why something was not measured: how they are made and worded. Pure. */
import type { PlaceWords } from '../../model/place-words.ts';
import type { Reason, ReasonCode } from '../../model/reason.ts';
import { POD_WORDS } from './place-words.ts';

/** A reason in words that end a sentence. */
export function because(text: string, code: ReasonCode = 'other'): Reason {
  return { code, text };
}

/** @param tool as it ends "the image has no" */
export function noTool(tool: string): Reason {
  return because(tool, 'no-tool');
}

/** @param what needs which capability: `listening needs NET_RAW` */
export function noRight(what: string): Reason {
  return because(what, 'no-right');
}

/** A parser gives a reason where there is nothing to read. */
export function isReason(value: object | number): value is Reason {
  return typeof value === 'object' && 'code' in value && 'text' in value;
}

/** The reason as the end of a sentence, in the words of the place. */
export function tell({ code, text }: Reason, words: PlaceWords = POD_WORDS): string {
  switch (code) {
    case 'no-tool':
      return `${words.tools} has no ${text}`;
    case 'poor-tool':
      return `${words.tools}'s ${text}`;
    case 'no-right':
      return `${text}: ${words.gainRights}`;
    default:
      return text;
  }
}
