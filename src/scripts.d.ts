/** Shell scripts are files of their own; the bundler and the test runner give their text. */
declare module '*.sh' {
  const text: string;
  export default text;
}

declare module '*.bash' {
  const text: string;
  export default text;
}
