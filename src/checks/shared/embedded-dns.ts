/** Where Docker's own name server listens in the namespaces of user-defined networks (libnetwork, resolver.go). */
export const EMBEDDED_DNS = '127.0.0.11';
