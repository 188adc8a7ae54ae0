/** Prepares a stream of the process that Node sets up when it is first asked for: whoever does not use it should not pay for it. */

/** Does this with the stream as soon as somebody asks for it. @param owner the process */
export function whenUsed<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  prepare: (stream: Owner[Name]) => void,
): void {
  const property = Object.getOwnPropertyDescriptor(owner, name);
  if (property?.get === undefined) {
    prepare(owner[name]);
    return;
  }
  Object.defineProperty(owner, name, {
    ...property,
    get: () => {
      Object.defineProperty(owner, name, property);
      prepare(owner[name]);
      return owner[name];
    },
  });
}
