import { dropKind } from '../kind.ts';

export const acceptQueue = dropKind({
  id: 'NT-DROP-006',
  title: 'Connections are dropped because the accept queue is full',
  severity: 'warning',
  reasons: ['TCP_LISTEN_OVERFLOW'],
  // The connection of a SYN cookie that finds no room in the queue.
  alsoIn: { NO_SOCKET: ['cookie_v4_check', 'cookie_v6_check'] },
  words: 'because the accept queue of the listening socket is full',
  meaning:
    'A program listens and accepts connections more slowly than they come: the last packet of the handshake is dropped, and the client sends again after a second or more.',
  remedy:
    "Let the program accept faster or give it CPU; a longer queue takes both the program's backlog and net.core.somaxconn.",
  source: 'Documentation/networking/ip-sysctl.rst (somaxconn), listen(2)',
});
