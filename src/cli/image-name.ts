/** A part of a host's name, and one of a path; the distribution project's reference grammar (reference/regexp.go). */
const HOST = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)';
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REGISTRY = String.raw`(?:${HOST}(?:\.${HOST})*|\[[0-9a-fA-F:]+\])(?::\d+)?`;
const TAG = String.raw`\w[\w.-]{0,127}`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

const NAME = new RegExp(`^(?:${REGISTRY}/)?${PART}(?:/${PART})*(?::${TAG})?(?:@${DIGEST})?$`);
const PLACE = new RegExp(`^${REGISTRY}(?:/${PART})*/*$`);

/** Whether an image can have this name: `nginx`, `ghcr.io/x/y:1.2`, `localhost:5000/app@sha256:…`. */
export function isImageName(text: string): boolean {
  return NAME.test(text);
}

/** Whether images can be in such a place: a registry, and a path if any. */
export function isImagePlace(text: string): boolean {
  return PLACE.test(text);
}
