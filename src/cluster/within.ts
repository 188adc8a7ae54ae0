/** An answer that a run does not wait for longer than it is worth. */

/** @returns `undefined`: it did not come in time. @throws what the question throws in time */
export async function within<T>(ms: number, question: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  // Nobody hears of it when it fails later.
  question.catch(() => undefined);
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}
