/** kubectl looks for a program of this name on the PATH to complete the words after `kubectl nettools`. */
export const completionProgramName = 'kubectl_complete-nettools';

export const completionProgram = `#!/bin/sh
exec kubectl-nettools __complete "$@"
`;
